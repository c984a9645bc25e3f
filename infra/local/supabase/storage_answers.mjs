// The shapes in which storage-js and storage3 expect signed URLs. lite spells them differently.

const SIGN_MANY = /^\/storage\/v1\/object\/sign\/[^/]+$/;
const SIGN_ONE = /^\/storage\/v1\/object\/(upload\/)?sign\/[^/]+\/.+/;

export function withStorageAnswers(next) {
  const signOne = async (request, context) => {
    const response = await next(request, context);
    if (!response.ok) return response;
    const { signedUrl, ...rest } = await response.json();
    const { pathname } = new URL(request.url);
    // The clients put /storage/v1 in front of what they get.
    const path = signedUrl.replace(/^\/storage\/v1/, "");
    return Response.json({ ...rest, [pathname.includes("/upload/sign/") ? "url" : "signedURL"]: path });
  };

  // lite routes the call for many objects to the handler for one, which then looks for an object without a name.
  const signMany = async (request, context) => {
    const { paths, expiresIn } = await request.json();
    const headers = new Headers(request.headers);
    headers.delete("content-length");
    const answers = paths.map(async (path) => {
      const url = `${request.url}/${path.split("/").map(encodeURIComponent).join("/")}`;
      const body = JSON.stringify({ expiresIn: Number(expiresIn) });
      const response = await signOne(new Request(url, { method: "POST", headers, body }), context);
      const answer = await response.json();
      return response.ok
        ? { path, signedURL: answer.signedURL, error: null }
        : { path, signedURL: null, error: answer.message };
    });
    return Response.json(await Promise.all(answers));
  };

  return async (request, context) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && SIGN_MANY.test(pathname)) return signMany(request, context);
    if (request.method === "POST" && SIGN_ONE.test(pathname)) return signOne(request, context);
    const response = await next(request, context);
    // A token that expired or was altered is the caller's fault; lite answers 500.
    if (response.status === 500 && request.method !== "POST" && SIGN_ONE.test(pathname)) {
      return Response.json({ statusCode: "400", error: "InvalidJWT", message: "the signed URL is not valid" }, { status: 400 });
    }
    return response;
  };
}
