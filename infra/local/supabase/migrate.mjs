// Applies the pending migrations and ends: `node migrate.mjs`, with DATABASE_URL and MIGRATIONS_DIR.

import { migrate } from "./migrations.mjs";
import { readSettings } from "./settings.mjs";

try {
  const applied = await migrate(readSettings(process.env, { serving: false }));
  console.log(applied.length > 0 ? `applied ${applied.join(", ")}` : "the database is up to date");
} catch (error) {
  console.error(`migrate: ${error.message}`);
  process.exitCode = 1;
}
