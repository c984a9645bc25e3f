// What the dashboard does with supabase-js: sign up, sign in, read under row level security, fetch a signed object.
// Prints one JSON object for test_supabase_js.py.

import { createRequire } from "node:module";

const require = createRequire(`${process.env.LITE}/package.json`);
const { createClient } = require("@supabase/supabase-js");

const { SUPABASE_URL, PUBLISHABLE_KEY, EMAIL, PASSWORD, OBJECT_OWNER } = process.env;
// Node 20 has no WebSocket; the dashboard polls and needs none.
const options = { realtime: { transport: class {} }, auth: { persistSession: false } };

function check({ data, error }) {
  if (error) throw error;
  return data;
}

const signedUp = check(await createClient(SUPABASE_URL, PUBLISHABLE_KEY, options).auth.signUp({ email: EMAIL, password: PASSWORD }));
const client = createClient(SUPABASE_URL, PUBLISHABLE_KEY, options);
const { user } = check(await client.auth.signInWithPassword({ email: EMAIL, password: PASSWORD }));
const wrong = await createClient(SUPABASE_URL, PUBLISHABLE_KEY, options).auth.signInWithPassword({ email: EMAIL, password: "another one" });
const refused = await client.from("marketing_channel_credentials").select("access_token_encrypted");
const foreign = await client.storage.from("marketing-assets").createSignedUrl(`${OBJECT_OWNER}/a.png`, 60);

console.log(
  JSON.stringify({
    same_user: user.id === signedUp.user.id,
    patients: check(await client.from("patients").select("id, professional_id")),
    wrong_password: wrong.error.code,
    encrypted_column: refused.error.code,
    foreign_object: foreign.error.message,
    refreshed: check(await client.auth.refreshSession()).user.id === user.id,
  }),
);
