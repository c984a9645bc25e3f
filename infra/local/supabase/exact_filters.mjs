// Filter values reach the database as they were written. lite turns whatever reads like a number into a JavaScript number:
// `contact_phone=eq.+5491155550201` would look for 5491155550201, and an id beyond 2^53 would lose digits. A quoted value
// is left alone, so those that would change are quoted.

const SIMPLE = /^((?:not\.)?(?:eq|neq|gt|gte|lt|lte|isdistinct)\.)([^"].*)$/;
const LIST = /^((?:not\.)?in\.)\((.*)\)$/;
const NESTED = /(\.(?:eq|neq|gt|gte|lt|lte)\.)([^,()"]+)/g;
const NOT_FILTERS = new Set(["select", "order", "limit", "offset", "on_conflict", "columns"]);

export function withExactFilters(next) {
  return (request, context) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith("/rest/v1/") || url.pathname.startsWith("/rest/v1/rpc/")) return next(request, context);
    let changed = false;
    const parameters = [...url.searchParams].map(([name, value]) => {
      const exact = NOT_FILTERS.has(name) ? value : exactFilter(name, value);
      changed ||= exact !== value;
      return [name, exact];
    });
    if (!changed) return next(request, context);
    url.search = new URLSearchParams(parameters).toString();
    return next(new Request(url, request), context);
  };
}

function exactFilter(name, value) {
  if (name === "or" || name === "and" || name.endsWith(".or") || name.endsWith(".and")) {
    return value.replace(NESTED, (_, operator, operand) => operator + exact(operand));
  }
  const list = LIST.exec(value);
  if (list) return `${list[1]}(${list[2].split(",").map(exact).join(",")})`;
  const simple = SIMPLE.exec(value);
  return simple ? simple[1] + exact(simple[2]) : value;
}

function exact(operand) {
  const number = Number(operand);
  return operand.trim() !== "" && Number.isFinite(number) && String(number) !== operand ? `"${operand}"` : operand;
}
