// How values travel between PostgreSQL and JSON. lite prints "2026-11-22 10:54:24+00" and numerics as strings; PostgREST
// prints ISO 8601 and JSON numbers, and the Python client refuses to parse anything else in a session.

const text = (value) => String(value);
const asIs = (value) => value;
// lite hands texts over as they are and everything else as JSON text. Written twice, an object would reach a function as a
// string; a text that happens to be the JSON of something else is the one thing that cannot be told apart.
const toJson = (value) => (isWritten(value) ? value : JSON.stringify(value));
const fromJson = (value) => JSON.parse(value);

export const VALUE_TYPES = {
  bigint: { to: 20, from: [20], serialize: text, parse: safeInteger },
  numeric: { to: 1700, from: [1700], serialize: text, parse: Number },
  json: { to: 114, from: [114], serialize: toJson, parse: fromJson },
  jsonb: { to: 3802, from: [3802], serialize: toJson, parse: fromJson },
  date: { to: 1082, from: [1082], serialize: text, parse: asIs },
  time: { to: 1083, from: [1083], serialize: text, parse: asIs },
  timetz: { to: 1266, from: [1266], serialize: text, parse: asIs },
  timestamp: { to: 1114, from: [1114], serialize: text, parse: (value) => value.replace(" ", "T") },
  timestamptz: { to: 1184, from: [1184], serialize: text, parse: isoTimestamp },
};

function safeInteger(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

function isoTimestamp(value) {
  const parts = /^(\S+) ([\d:.]+)([+-]\d\d)(?::?(\d\d))?$/.exec(value);
  if (!parts) return value; // infinity, -infinity and years before Christ
  const [, date, time, hours, minutes = "00"] = parts;
  return `${date}T${time}${hours}:${minutes}`;
}

function isWritten(value) {
  if (typeof value !== "string") return false;
  try {
    return typeof JSON.parse(value) !== "string";
  } catch {
    return false;
  }
}
