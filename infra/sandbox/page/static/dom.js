// Small helpers: elements without innerHTML, so that no message can ever become markup.

export const $ = (id) => document.getElementById(id);

/** An element with properties, data and children; a null child is left out. */
export function el(tag, properties = {}, ...children) {
  const { data = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** One of the page's icons; decorative unless it has a label. */
export function icon(name, label = null) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("class", `icon icon-${name}`);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  svg.append(use);
  return svg;
}

const SKIPPED = new Set(["dr", "dra", "dr.", "dra.", "de", "del", "la", "el", "consultorio", "odontología", "clínica"]);

/** Up to two letters for a name: those of the words that tell it from others. */
export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const telling = words.filter((word) => !SKIPPED.has(word.toLowerCase()));
  return (telling.length ? telling : words)
    .slice(0, 2)
    .map((word) => word[0].toUpperCase())
    .join("");
}

/** A hue for an avatar, always the same for the same name. */
export function hue(name) {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
}
