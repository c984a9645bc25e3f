// One message of a thread as a bubble: every type that can be sent or received.

import { el, icon } from "./dom.js";
import { clock, formatted } from "./format.js";

const STATES = { pending: ["clock", "Enviando"], delivered: ["tick", "Entregado"], read: ["ticks", "Leído"] };
const file = (content) => `/page/media/${content.media_id ?? content.id}`;

/** A short line for quotes and previews. */
export function summary(item) {
  if (item.revoked) return "Mensaje eliminado";
  const content = item.content ?? {};
  const words = {
    text: () => content.body,
    image: () => content.caption || "📷 Imagen",
    video: () => content.caption || "🎬 Video",
    audio: () => "🎤 Nota de voz",
    document: () => `📄 ${content.filename ?? "Documento"}`,
    sticker: () => "Sticker",
    location: () => `📍 ${content.name ?? "Ubicación"}`,
    contacts: () => "👤 Contacto",
    button: () => content.text,
    template: () => content.body,
    interactive: () => reply(content)?.title ?? content.body?.text,
  };
  return words[item.type]?.() ?? "Mensaje";
}

const reply = (content) => content.button_reply ?? content.list_reply;

/** The bubble of an item. `find` looks up another item; `act` is told what the patient taps. */
export function bubble(item, { find, act }) {
  const mine = item.author === "patient";
  const stamp = el("time", { dateTime: new Date(item.at * 1000).toISOString() }, clock(item.at));
  const meta = el("span", { className: "meta" }, item.edited ? "editado · " : null, stamp);
  if (mine) meta.append(icon(...STATES[item.state]));
  const quoted = item.context_id ? find(item.context_id) : null;
  const body = el("div", { className: "bubble", data: { type: item.type, state: item.state } });
  body.append(el("span", { className: "sr-only" }, mine ? "Vos: " : "Consultorio: "));
  if (quoted) body.append(quote(quoted));
  body.append(...(item.revoked ? [el("p", { className: "gone" }, "Se eliminó este mensaje")] : content(item, act)), meta);
  const reactions = Object.values(item.reactions);
  if (reactions.length) body.append(el("span", { className: "reactions", ariaLabel: "Reacciones" }, ...reactions));
  const answer = el("button", { type: "button", className: "round small answer", ariaLabel: "Responder" }, icon("reply"));
  answer.addEventListener("click", () => act.quote(item));
  const line = el("div", { className: `line ${mine ? "mine" : "theirs"}`, data: { id: item.id } }, body);
  if (!item.revoked) line.append(answer);
  const below = item.revoked || mine ? [] : choices(item, act);
  return below.length ? el("div", { className: "stack", data: { id: item.id } }, line, ...below) : line;
}

function quote(item) {
  const who = item.author === "patient" ? "Vos" : "Consultorio";
  return el("blockquote", { className: "quote" }, el("strong", {}, who), el("span", {}, summary(item).slice(0, 140)));
}

const text = (words, className = "words") => (words ? el("p", { className }, ...formatted(words)) : null);

function content(item, act) {
  const value = item.content ?? {};
  const parts = {
    text: () => [text(value.body)],
    image: () => [picture(value), text(value.caption)],
    sticker: () => [picture(value, "sticker")],
    video: () => [el("video", { src: file(value), controls: true }), text(value.caption)],
    audio: () => [el("audio", { src: file(value), controls: true, preload: "metadata", ariaLabel: "Nota de voz" })],
    document: () => [documentCard(value), text(value.caption)],
    location: () => [place(value)],
    contacts: () => value.map((person) => card("👤", person.name?.formatted_name ?? "Contacto", person.phones?.[0]?.phone)),
    button: () => [text(value.text)],
    interactive: () => (reply(value) ? chosen(reply(value)) : interactive(value, act)),
    template: () => [heading(value.header), text(value.body), text(value.footer, "footnote")],
  };
  const built = parts[item.type]?.() ?? [el("p", { className: "gone" }, "Este mensaje no se puede mostrar acá")];
  return built.filter(Boolean);
}

function picture(value, className = "picture") {
  const image = el("img", { src: file(value), alt: value.caption || "Imagen", className });
  return className === "sticker" ? image : el("a", { href: file(value), target: "_blank", rel: "noopener" }, image);
}

function documentCard(value) {
  const name = value.filename ?? "documento.pdf";
  return el(
    "a",
    { className: "card-line", href: file(value), target: "_blank", rel: "noopener" },
    icon("file"),
    el("span", {}, el("strong", {}, name), el("small", {}, "Abrir documento")),
  );
}

const place = (value) =>
  el(
    "div",
    { className: "card-line" },
    icon("pin"),
    el(
      "span",
      {},
      el("strong", {}, value.name ?? "Ubicación"),
      el("small", {}, value.address ?? `${value.latitude}, ${value.longitude}`),
    ),
  );

const card = (mark, title, detail) =>
  el("div", { className: "card-line" }, mark, el("span", {}, el("strong", {}, title), el("small", {}, detail ?? "")));

const chosen = (choice) => [text(choice.title), text(choice.description, "footnote")];

function heading(header) {
  if (!header) return null;
  if (header.type === "text") return header.text ? el("p", { className: "heading" }, header.text) : null;
  const media = header[header.type] ?? {};
  if (header.type !== "image") return el("p", { className: "heading" }, header.type === "video" ? "🎬" : "📄");
  return media.id ? picture(media) : null;
}

const interactive = (value) => [heading(value.header), text(value.body?.text), text(value.footer?.text, "footnote")];

/** What can be tapped below a bubble of the clinic. */
function choices(item, act) {
  const value = item.content ?? {};
  const action = value.action ?? {};
  if (item.type === "template") {
    return (value.buttons ?? []).map((button) =>
      button.type === "URL"
        ? linkButton(button.text, button.url)
        : tapButton(button.text, () =>
            act.reply(item, { type: "button", button: { payload: button.payload ?? button.text, text: button.text } }),
          ),
    );
  }
  if (item.type !== "interactive") return [];
  if (value.type === "cta_url") return [linkButton(action.parameters.display_text, action.parameters.url)];
  if (value.type === "list") return [tapButton(action.button, () => act.openList(item), "list")];
  return (action.buttons ?? []).map(({ reply: option }) =>
    tapButton(option.title, () =>
      act.reply(item, { type: "interactive", interactive: { type: "button_reply", button_reply: option } }),
    ),
  );
}

function tapButton(label, onTap, mark = null) {
  const button = el("button", { type: "button", className: "tap" }, mark ? icon(mark) : null, label);
  button.addEventListener("click", onTap);
  return button;
}

const linkButton = (label, href) =>
  el("a", { className: "tap", href, target: "_blank", rel: "noopener noreferrer" }, icon("link"), label);
