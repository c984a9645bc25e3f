// PostgREST's answers to database errors. lite maps a few and answers the rest as 500 {"code":"SUP"}.
// Source: https://docs.postgrest.org/en/stable/references/errors.html

import { watchingErrors } from "./database.mjs";

const STATUS_OF_SQLSTATE = [
  [/^42501/, 403],
  [/^(42883|42P01)/, 404],
  [/^42P17/, 500],
  [/^25006/, 405],
  [/^(23503|23505)/, 409],
  [/^(0L|0P|28)/, 403],
  [/^(08|53|57P0)/, 503],
  [/^(09|25|2D|38|39|3B|40|54|55|57|58|F0|HV|XX)/, 500],
  [/^P0001/, 400],
  [/^P0/, 500],
];

// postgres.js: the server is away, or went away under the query.
const CONNECTION_LOST = /^(CONNECT_TIMEOUT|CONNECTION_\w+|ECONN\w+|EPIPE|ETIMEDOUT|57P0[123]|08\w{3})$/;

export function isConnectionLost(error) {
  return CONNECTION_LOST.test(error?.code ?? "");
}

export function withPostgrestErrors(next) {
  return async (request, context) => {
    const { response, error } = await watchingErrors(() => next(request, context));
    if (isConnectionLost(error)) return unavailable(error);
    const isUnmapped = response?.status === 500 && error?.code && new URL(request.url).pathname.startsWith("/rest/v1");
    if (response && !isUnmapped) return response;
    if (!response && !error.code) throw error;
    return problem(statusOf(error.code), {
      code: error.code,
      details: error.detail ?? null,
      hint: error.hint ?? null,
      message: error.message,
    });
  };
}

function statusOf(sqlstate) {
  const rule = STATUS_OF_SQLSTATE.find(([pattern]) => pattern.test(sqlstate));
  return rule ? rule[1] : 400;
}

function unavailable(error) {
  return problem(503, {
    code: "PGRST001",
    message: "Database client error. Retrying the connection.",
    details: error.message,
  });
}

function problem(status, { code, message, details = null, hint = null }) {
  return Response.json({ code, details, hint, message }, { status });
}
