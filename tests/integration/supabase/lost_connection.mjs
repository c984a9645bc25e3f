// A connection dies between two statements of a transaction. Prints one JSON object for test_outage.py.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.LITE}/package.json`);
const { sql } = require("kysely");
const { poolOf } = await import(pathToFileURL(`${process.env.LITE}/pool.mjs`));

const database = poolOf(process.env.DATABASE_URL, { size: 2, options: { onnotice: () => {} } });
const ask = async (connection, query) => (await query.execute(connection)).rows[0].answer;

let continuedAs = null;
let refusal = null;
try {
  await database.transaction().execute(async (transaction) => {
    await sql`set local role anon`.execute(transaction);
    const backend = await ask(transaction, sql`select pg_backend_pid() as answer`);
    await ask(database, sql`select pg_terminate_backend(${backend}) as answer`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    continuedAs = await ask(transaction, sql`select current_user::text as answer`);
  });
} catch (error) {
  refusal = error.code;
}
const afterwards = await Promise.all(Array.from({ length: 6 }, () => ask(database, sql`select 1 as answer`)));
await database.destroy();
console.log(JSON.stringify({ continuedAs, refusal, afterwards }));
