// GoTrue's /auth/v1/admin/users, which lite does not have: create, list, get, update and delete accounts.

const PATH = /^\/auth\/v1\/admin\/users(?:\/([^/]+))?\/?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function withAdminUsers(next, users, { secretKey }) {
  const answer = adminOnly(secretKey, (request) => {
    const { pathname, searchParams } = new URL(request.url);
    return users.answer(request, PATH.exec(pathname)[1], searchParams);
  });
  return (request, context) => (PATH.test(new URL(request.url).pathname) ? answer(request) : next(request, context));
}

/** Answers as JSON what `handle` returns, to whoever has the secret key, and a `Refused` as GoTrue words it. */
export function adminOnly(secretKey, handle) {
  return async (request) => {
    try {
      if (request.headers.get("apikey") !== secretKey) throw new Refused(403, "not_admin", "User not allowed");
      return Response.json(await handle(request));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const body = { code: error.status, error_code: error.code, msg: error.message };
      return Response.json(body, { status: error.status, headers: { "x-sb-error-code": error.code } });
    }
  };
}

export class AdminUsers {
  constructor(sql, minimumPasswordLength) {
    this.sql = sql;
    this.minimumPasswordLength = minimumPasswordLength;
  }

  async answer(request, id, searchParams) {
    if (id && !UUID.test(id)) throw new Refused(404, "validation_failed", "user_id must be an UUID");
    if (id && request.method === "GET") return view(await this.#get(id));
    if (id && request.method === "PUT") return this.#update(id, await request.json());
    if (id && request.method === "DELETE") return this.#delete(id);
    if (!id && request.method === "GET") return this.#list(searchParams);
    if (!id && request.method === "POST") return this.create(await request.json());
    throw new Refused(405, "method_not_allowed", `${request.method} is not supported here`);
  }

  async #get(id, sql = this.sql) {
    const [user] = await sql`select * from auth.users where id = ${id}`;
    if (!user) throw new Refused(404, "user_not_found", "User not found");
    return user;
  }

  async #list(searchParams) {
    const size = Math.min(Number(searchParams.get("per_page")) || 50, 1000);
    const page = Math.max(Number(searchParams.get("page")) || 1, 1);
    const users = await this.sql`
      select * from auth.users order by created_at desc, id limit ${size} offset ${(page - 1) * size}`;
    return { users: users.map(view), aud: "authenticated" };
  }

  async create({ id, email, password, email_confirm: confirmed, app_metadata: app = {}, user_metadata: own = {} }) {
    if (!email) throw new Refused(422, "validation_failed", "Cannot create a user without an email");
    const address = email.trim().toLowerCase();
    const userId = id ?? crypto.randomUUID();
    const identity = { sub: userId, email: address, email_verified: Boolean(confirmed), phone_verified: false };
    return this.#storing(() =>
      this.sql.begin(async (sql) => {
        await sql`
          insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at,
                                  raw_app_meta_data, raw_user_meta_data)
          values (${userId}, 'authenticated', 'authenticated', ${address}, ${await this.#hash(sql, password)},
                  ${confirmed ? sql`now()` : null},
                  ${sql.json({ provider: "email", providers: ["email"], ...app })}, ${sql.json(own)})`;
        await sql`
          insert into auth.identities (id, provider, provider_id, user_id, identity_data)
          values (${crypto.randomUUID()}, 'email', ${userId}, ${userId}, ${sql.json(identity)})`;
        return view(await this.#get(userId, sql));
      }),
    );
  }

  async #update(id, { email, password, email_confirm: confirmed, app_metadata: app, user_metadata: own, ban_duration: ban }) {
    return this.#storing(() =>
      this.sql.begin(async (sql) => {
        const user = await this.#get(id, sql);
        const hash = password === undefined ? user.encrypted_password : await this.#hash(sql, password);
        await sql`
          update auth.users set
            email = ${email ? email.trim().toLowerCase() : user.email},
            encrypted_password = ${hash},
            email_confirmed_at = ${confirmed ? sql`coalesce(email_confirmed_at, now())` : sql`email_confirmed_at`},
            raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || ${sql.json(app ?? {})},
            raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || ${sql.json(own ?? {})},
            banned_until = ${bannedUntil(sql, ban)},
            updated_at = now()
          where id = ${id}`;
        return view(await this.#get(id, sql));
      }),
    );
  }

  async #delete(id) {
    await this.#get(id);
    await this.sql`delete from auth.users where id = ${id}`;
    return {};
  }

  // bcrypt with GoTrue's cost. Without a password nobody can sign in with one.
  async #hash(sql, password) {
    if (password === undefined || password === null) return null;
    if (password.length < this.minimumPasswordLength) {
      throw new Refused(422, "weak_password", `Password should be at least ${this.minimumPasswordLength} characters.`);
    }
    const [{ hash }] = await sql`select extensions.crypt(${password}, extensions.gen_salt('bf', 10)) as hash`;
    return hash;
  }

  async #storing(run) {
    try {
      return await run();
    } catch (error) {
      if (error.code !== "23505") throw error;
      throw new Refused(422, "email_exists", "A user with this email address has already been registered");
    }
  }
}

// GoTrue takes a duration such as "24h", or "none".
function bannedUntil(sql, duration) {
  if (duration === undefined) return sql`banned_until`;
  return duration === "none" ? null : sql`now() + ${duration}::interval`;
}

export function view(user) {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email,
    phone: user.phone ?? "",
    email_confirmed_at: user.email_confirmed_at,
    invited_at: user.invited_at,
    confirmed_at: user.confirmed_at,
    last_sign_in_at: user.last_sign_in_at,
    banned_until: user.banned_until,
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    identities: [],
    created_at: user.created_at,
    updated_at: user.updated_at,
    is_anonymous: user.is_anonymous,
  };
}
