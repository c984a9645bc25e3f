// A message's text as the app shows it: *bold*, _italic_, ~struck~, ```code```, and links.

import { el } from "./dom.js";

const MARKS = [
  { pattern: /```([\s\S]+?)```/, tag: "code", nested: false },
  { pattern: /(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]*?\S)\*(?![\p{L}\p{N}*])/u, tag: "strong", nested: true },
  { pattern: /(?<![\p{L}\p{N}_])_(?=\S)([^_\n]*?\S)_(?![\p{L}\p{N}_])/u, tag: "em", nested: true },
  { pattern: /(?<![\p{L}\p{N}~])~(?=\S)([^~\n]*?\S)~(?![\p{L}\p{N}~])/u, tag: "s", nested: true },
];
const LINK = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]/;

/** Nodes for a text; every character ends up in a text node. */
export function formatted(text) {
  if (!text) return [];
  const link = LINK.exec(text);
  const found = MARKS.map((mark) => ({ mark, match: mark.pattern.exec(text) })).filter(({ match }) => match);
  found.sort((a, b) => a.match.index - b.match.index);
  const first = found[0];
  if (link && (!first || link.index < first.match.index)) {
    const anchor = el("a", { href: link[0], target: "_blank", rel: "noopener noreferrer" }, link[0]);
    return around(text, link, anchor);
  }
  if (!first) return [text];
  const inner = first.mark.nested ? formatted(first.match[1]) : [first.match[1]];
  return around(text, first.match, el(first.mark.tag, {}, ...inner));
}

function around(text, match, node) {
  const before = text.slice(0, match.index);
  const after = text.slice(match.index + match[0].length);
  return [...formatted(before), node, ...formatted(after)];
}

const CLOCK = new Intl.DateTimeFormat("es-AR", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("es-AR", { weekday: "long", day: "numeric", month: "long" });

export const clock = (seconds) => CLOCK.format(new Date(seconds * 1000));

/** Hoy, Ayer, or the date. */
export function day(seconds) {
  const date = new Date(seconds * 1000);
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const days = Math.ceil((midnight - date) / 86_400_000);
  if (days <= 0 && date - midnight < 86_400_000) return "Hoy";
  return days === 1 ? "Ayer" : DAY.format(date);
}

/** +54 9 11 5555-0201 for the countries we know how to group, the plain digits for the rest. */
export function phone(digits) {
  const argentine = /^549(11|\d{3})(\d{3,4})(\d{4})$/.exec(digits);
  return argentine ? `+54 9 ${argentine[1]} ${argentine[2]}-${argentine[3]}` : `+${digits}`;
}
