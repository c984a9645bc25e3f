// Mail that Supabase would send goes to the sandbox's mailbox, where a person can read it. Without a sandbox, or while it
// is away, nobody reads it: that is no reason to fail what was asked for.

const PATIENCE_MS = 2000;

export async function sendMail(sandboxUrl, mail) {
  if (!sandboxUrl) return;
  try {
    const answer = await fetch(new URL("/control/mails", sandboxUrl), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(mail),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) console.error(`supabase: the sandbox answered ${answer.status} to a mail`);
  } catch (error) {
    console.error(`supabase: a mail was not delivered: ${error.message}`);
  }
}
