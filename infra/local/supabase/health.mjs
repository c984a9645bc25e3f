// GET /health: 200 while the database answers, 503 while it does not.

const PATIENCE_MS = 2000;

export function withHealth(next, sql) {
  return async (request, context) => {
    if (new URL(request.url).pathname !== "/health") return next(request, context);
    const failure = await failureOf(sql);
    return failure
      ? Response.json({ status: "unavailable", database: failure }, { status: 503 })
      : Response.json({ status: "ok", database: "ok" });
  };
}

async function failureOf(sql) {
  let timer;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(() => resolve("no answer in time"), PATIENCE_MS);
  });
  try {
    return await Promise.race([sql`select 1`.then(() => null), timeout]);
  } catch (error) {
    return error.message;
  } finally {
    clearTimeout(timer);
  }
}
