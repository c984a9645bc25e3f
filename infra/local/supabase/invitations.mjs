// GoTrue's invitations, which lite does not have: POST /auth/v1/invite makes an account without a password and sends its
// owner a link; GET and POST /auth/v1/verify take its `type=invite`. Followed, the link opens a session in the dashboard,
// where the person chooses a password (PUT /auth/v1/user, lite's own).

import { randomBytes } from "node:crypto";

import { Refused, adminOnly, view } from "./admin_users.mjs";
import { sendMail } from "./mails.mjs";

const INVITE = /^\/auth\/v1\/invite\/?$/;
const VERIFY = /^\/auth\/v1\/verify\/?$/;
// What lite calls the confirmation of an address for which there is a token, with or without a password.
const CONFIRMATION = "signup";

export function withInvitations(next, sql, { secretKey, users, sandboxUrl }) {
  const invite = adminOnly(secretKey, (request) => answerInvite(request, { sql, users, sandboxUrl }));
  return async (request, context) => {
    const { pathname } = new URL(request.url);
    if (INVITE.test(pathname)) return invite(request);
    if (VERIFY.test(pathname)) return verify(request, context, next);
    return next(request, context);
  };
}

async function answerInvite(request, { sql, users, sandboxUrl }) {
  if (request.method !== "POST") throw new Refused(405, "method_not_allowed", `${request.method} is not supported here`);
  const { email, data = {} } = await request.json();
  if (!email) throw new Refused(422, "validation_failed", "An email address is required");
  const token = randomBytes(28).toString("hex");
  const user = await invited(email.trim().toLowerCase(), { data, token, sql, users });
  const link = new URL("/auth/v1/verify", request.url);
  link.search = new URLSearchParams({ token, type: "invite", ...redirectOf(request) }).toString();
  await sendMail(sandboxUrl, mail(user, link));
  return view(user);
}

// Somebody who never followed the last link gets another; who did, has an account already.
async function invited(email, { data, token, sql, users }) {
  const [known] = await sql`select id, email_confirmed_at from auth.users where email = ${email}`;
  if (known?.email_confirmed_at) throw emailExists();
  const id = known?.id ?? (await users.create({ email, user_metadata: data })).id;
  const [user] = await sql`
    update auth.users set
      confirmation_token = ${token}, confirmation_sent_at = now(), invited_at = now(),
      raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || ${sql.json(data)}, updated_at = now()
    where id = ${id} and email_confirmed_at is null
    returning *`;
  if (!user) throw emailExists(); // followed in this very moment
  return user;
}

function emailExists() {
  return new Refused(422, "email_exists", "A user with this email address has already been registered");
}

function redirectOf(request) {
  const target = new URL(request.url).searchParams.get("redirect_to");
  return target ? { redirect_to: target } : {};
}

function mail(user, link) {
  const clinic = user.raw_user_meta_data?.clinic_name;
  const whose = clinic ? `al equipo de ${escape(clinic)}` : "a Dentalist";
  return {
    to: user.email,
    subject: clinic ? `Te invitaron al equipo de ${clinic}` : "Te invitaron a Dentalist",
    html: `<p>Te invitaron ${whose}.</p><p><a href="${escape(link.href)}">Aceptar la invitación y elegir una contraseña</a></p>`,
  };
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

async function verify(request, context, next) {
  const url = new URL(request.url);
  if (request.method === "GET") {
    if (url.searchParams.get("type") !== "invite") return next(request, context);
    url.searchParams.set("type", CONFIRMATION);
    return namedInvite(await next(new Request(url, request), context));
  }
  if (request.method !== "POST") return next(request, context);
  const text = await request.text();
  const body = text.replace(/("type"\s*:\s*)"invite"/, `$1"${CONFIRMATION}"`);
  return next(new Request(url, { method: "POST", headers: withoutLength(request.headers), body }), context);
}

// The dashboard learns from the type that there is a password to choose.
function namedInvite(response) {
  const target = response.headers.get("location");
  if (!target) return response;
  const headers = new Headers(response.headers);
  headers.set("location", target.replace(/([#&]type=)signup\b/, "$1invite"));
  return new Response(response.body, { status: response.status, headers });
}

function withoutLength(headers) {
  const kept = new Headers(headers);
  kept.delete("content-length");
  return kept;
}
