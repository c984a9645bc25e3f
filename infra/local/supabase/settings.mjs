// What the server needs to know, read from the environment once. A missing value is an error with the name in it.

const REQUIRED = [
  "DATABASE_URL",
  "MIGRATIONS_DIR",
];
const REQUIRED_TO_SERVE = [
  "SUPABASE_PORT",
  "SUPABASE_JWT_SECRET",
  "SUPABASE_PUBLISHABLE_KEY",
  "SUPABASE_SECRET_KEY",
  "STORAGE_DIR",
];

// SITE_URL: the dashboard. SANDBOX_URL: whose mailbox takes the mails; without it there are none.
const DEFAULT_SITE_URL = "http://localhost:3000";

export function readSettings(environment, { serving }) {
  const names = serving ? [...REQUIRED, ...REQUIRED_TO_SERVE] : REQUIRED;
  const missing = names.filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new Error(`these environment variables are missing: ${missing.join(", ")}`);
  }
  return {
    databaseUrl: environment.DATABASE_URL,
    migrationsDir: environment.MIGRATIONS_DIR,
    port: Number(environment.SUPABASE_PORT),
    jwtSecret: environment.SUPABASE_JWT_SECRET,
    publishableKey: environment.SUPABASE_PUBLISHABLE_KEY,
    secretKey: environment.SUPABASE_SECRET_KEY,
    storageDir: environment.STORAGE_DIR,
    siteUrl: environment.SITE_URL || DEFAULT_SITE_URL,
    sandboxUrl: environment.SANDBOX_URL || null,
  };
}
