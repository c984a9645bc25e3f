// CORS for a dashboard on another origin: lite's answer to a preflight of /auth allows no headers at all.

export function withCors(next) {
  return async (request, context) => {
    const origin = request.headers.get("origin");
    if (!origin) return next(request, context);
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: preflight(request, origin) });
    const response = await next(request, context);
    const headers = new Headers(response.headers);
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", "content-range,content-location,preference-applied,x-total-count");
    headers.append("vary", "Origin");
    return new Response(response.body, { status: response.status, headers });
  };
}

function preflight(request, origin) {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS",
    "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
    "access-control-max-age": "600",
    vary: "Origin",
  };
}
