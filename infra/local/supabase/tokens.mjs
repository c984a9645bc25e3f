// What the API refuses before it looks at a request: tokens that are not signed, or that name a role no client has.

const ROLES = new Set(["anon", "authenticated", "service_role"]);

/** lite takes a token without signature (`alg: none`) for an anonymous visitor, and honours `role: postgres`. */
export function withTokenGuard(next) {
  return async (request, context) => {
    const fault = faultOf(bearerOf(request));
    if (!fault) return next(request, context);
    return Response.json(
      { code: "PGRST301", details: null, hint: null, message: fault },
      { status: 401, headers: { "www-authenticate": 'Bearer error="invalid_token"' } },
    );
  };
}

function bearerOf(request) {
  return /^Bearer\s+(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

// Signature and expiry stay with lite, which answers them as PostgREST, GoTrue and Storage do.
function faultOf(token) {
  if (!token || token.startsWith("sb_")) return null; // API keys
  const [header, payload] = token.split(".").slice(0, 2).map(decodePart);
  if (!header || !payload || token.split(".").length !== 3) return "the bearer is not a JWT";
  if (header.alg !== "HS256") return `tokens signed with ${header.alg} are not accepted`;
  if (!ROLES.has(payload.role)) return "the role of the token is not one of the API's";
  return null;
}

function decodePart(part) {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch {
    return null; // not JSON: not a token
  }
}
