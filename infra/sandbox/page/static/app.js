// The patient's app: who writes, to which clinic, and what is on the screen.

import { encodeFile, follow, listClinics, loadThread, write } from "./api.js";
import { bubble, summary } from "./bubbles.js";
import { $, el, hue, initials } from "./dom.js";
import { day, phone } from "./format.js";
import { openList } from "./sheet.js";

const EMOJIS = "😀😂🙂😊😍😘🤔😅😢😭😱😷🤒🤕🦷🪥💊🩹🏥👍👎🙏👏🙌💪👋🤝❤️🎉✨🔥📅⏰📍✅❌❓❗".match(/\p{Extended_Pictographic}\uFE0F?/gu);
const PROFILE_KEY = "sandbox.patient";
const NEAR_BOTTOM_PIXELS = 120;

const state = {
  me: null,
  clinics: [],
  clinic: null,
  items: new Map(),
  quoted: null,
  unfollow: null,
  typingTimer: 0,
  atBottom: true,
  overtaking: null,
};

// ---- who writes -----------------------------------------------------------------------------------------------------

function loadProfile() {
  const saved = JSON.parse(localStorage.getItem(PROFILE_KEY) ?? "null");
  if (saved?.name && saved?.phone) return saved;
  const ending = String(Math.floor(Math.random() * 9000) + 1000);
  return { name: "Paciente de prueba", phone: `54911555${ending}0`.slice(0, 13), isNew: true };
}

function showProfile() {
  $("me-name").textContent = state.me.name;
  $("me-phone").textContent = phone(state.me.phone);
  $("me-initials").textContent = initials(state.me.name);
}

function editProfile() {
  $("profile-name").value = state.me.isNew ? "" : state.me.name;
  $("profile-phone").value = phone(state.me.phone);
  $("profile-phone").setCustomValidity("");
  $("profile").showModal();
  $("profile-name").focus();
}

$("me").addEventListener("click", editProfile);
$("profile-phone").addEventListener("input", (event) => event.target.setCustomValidity(""));
$("profile-form").addEventListener("submit", (event) => {
  const digits = $("profile-phone").value.replace(/\D/g, "");
  if (!/^[1-9]\d{6,14}$/.test(digits)) {
    event.preventDefault();
    $("profile-phone").setCustomValidity("Escribí el número completo, con código de país.");
    $("profile-phone").reportValidity();
    return;
  }
  state.me = { name: $("profile-name").value.trim(), phone: digits };
  localStorage.setItem(PROFILE_KEY, JSON.stringify(state.me));
  showProfile();
  if (state.clinic) openClinic(state.clinic);
});

// ---- clinics --------------------------------------------------------------------------------------------------------

async function refreshClinics() {
  state.clinics = await listClinics();
  $("no-clinics").hidden = state.clinics.length > 0;
  $("clinics").replaceChildren(...state.clinics.map(clinicRow));
}

function avatar(name, element = el("span", { className: "avatar", ariaHidden: "true" })) {
  element.textContent = initials(name);
  element.style.setProperty("--hue", hue(name));
  return element;
}

function clinicRow(clinic) {
  const isOpen = clinic.phone_number_id === state.clinic?.phone_number_id;
  const row = el(
    "button",
    { type: "button", className: "clinic", data: { id: clinic.phone_number_id } },
    avatar(clinic.name),
    el("span", { className: "clinic-text" }, el("strong", {}, clinic.name), el("span", {}, clinic.phone)),
  );
  if (isOpen) row.setAttribute("aria-current", "true");
  row.addEventListener("click", () => openClinic(clinic));
  return el("li", {}, row);
}

async function openClinic(clinic) {
  state.unfollow?.();
  Object.assign(state, { clinic, items: new Map() });
  stopQuoting();
  stopTyping();
  location.hash = clinic.phone_number_id;
  $("shell").dataset.view = "chat";
  $("blank").hidden = true;
  for (const id of ["chat-head", "log", "composer"]) $(id).hidden = false;
  $("clinic-name").textContent = clinic.name;
  $("clinic-state").textContent = clinic.phone;
  avatar(clinic.name, $("clinic-initials"));
  $("log").replaceChildren();
  $("clinics").replaceChildren(...state.clinics.map(clinicRow));
  state.unfollow = follow(clinic, state.me, {
    onOpen: catchUp,
    onMessage: receive,
    onTyping: showTyping,
    onReset: catchUp,
    onClinics: refreshClinics,
    onLost: () => ($("offline").hidden = false),
  });
  // On a touch screen the keyboard would cover half of what was just opened.
  if (matchMedia("(hover: hover)").matches) $("text").focus({ preventScroll: true });
}

async function catchUp() {
  $("offline").hidden = true;
  const { clinic, me } = state;
  // Events that overtake the answer must not be wiped out by it: they are applied on top.
  state.overtaking = [];
  const messages = await loadThread(clinic, me);
  if (clinic !== state.clinic || me !== state.me) return;
  const late = state.overtaking ?? [];
  state.overtaking = null;
  state.items = new Map(messages.map((item) => [item.id, item]));
  render();
  late.forEach(receive);
}

$("back").addEventListener("click", () => {
  $("shell").dataset.view = "clinics";
  history.replaceState(null, "", location.pathname);
  document.querySelector(`.clinic[data-id="${state.clinic.phone_number_id}"]`)?.focus();
});

// ---- the thread -----------------------------------------------------------------------------------------------------

const actions = {
  quote: startQuoting,
  reply: (item, message) => send({ ...message, context: { message_id: item.id } }),
  openList: async (item) => {
    const row = await openList(item.content.action);
    if (row) actions.reply(item, { type: "interactive", interactive: { type: "list_reply", list_reply: row } });
  },
};

function render() {
  const log = $("log");
  let lastDay = null;
  let lastAuthor = null;
  const nodes = [];
  for (const item of state.items.values()) {
    const label = day(item.at);
    if (label !== lastDay) nodes.push(el("p", { className: "day" }, label));
    const node = bubble(item, { find: (id) => state.items.get(id), act: actions });
    if (item.author !== lastAuthor || label !== lastDay) node.classList.add("first");
    [lastDay, lastAuthor] = [label, item.author];
    nodes.push(node);
  }
  if (!nodes.length) nodes.push(el("p", { className: "hint" }, "Todavía no hay mensajes. ¡Saludá para empezar!"));
  log.replaceChildren(...nodes);
  if (state.typingTimer) log.append(typingBubble());
  toBottom();
}

function toBottom() {
  $("log").scrollTop = $("log").scrollHeight;
}

// Whoever reads the newest message keeps seeing it when a picture loads or the composer grows.
let lastTop = 0;
$("log").addEventListener("scroll", ({ target }) => {
  const isNear = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_BOTTOM_PIXELS;
  // Content that grew below also leaves the bottom behind; only scrolling up is a wish to read something else.
  if (isNear || target.scrollTop < lastTop) state.atBottom = isNear;
  lastTop = target.scrollTop;
});
$("log").addEventListener("load", () => state.atBottom && toBottom(), true);
new ResizeObserver(() => state.atBottom && toBottom()).observe($("log"));

function receive(item) {
  if (state.overtaking) {
    state.overtaking.push(item);
    return;
  }
  const isNew = !state.items.has(item.id);
  state.items.set(item.id, item);
  if (isNew && item.author === "clinic") stopTyping();
  const log = $("log");
  const shown = log.querySelector(`:scope > [data-id="${CSS.escape(item.id)}"]`);
  if (isNew || !shown) {
    // Only what is new enters the log, so that a screen reader announces only that.
    log.querySelector(".hint")?.remove();
    const previous = [...state.items.values()].at(-2);
    if (!previous || day(previous.at) !== day(item.at)) log.append(el("p", { className: "day" }, day(item.at)));
    const node = bubble(item, { find: (id) => state.items.get(id), act: actions });
    if (!previous || previous.author !== item.author) node.classList.add("first");
    log.append(node);
    const typing = log.querySelector(".typing");
    if (typing) log.append(typing);
  } else {
    const node = bubble(item, { find: (id) => state.items.get(id), act: actions });
    node.classList.toggle("first", shown.classList.contains("first"));
    shown.replaceWith(node);
  }
  if (state.atBottom || (isNew && item.author === "patient")) toBottom();
}

function typingBubble() {
  const dots = el("span", { className: "dots", ariaHidden: "true" }, el("i"), el("i"), el("i"));
  return el("div", { className: "line theirs typing first" }, el("div", { className: "bubble" }, dots));
}

function showTyping(seconds) {
  const log = $("log");
  clearTimeout(state.typingTimer);
  state.typingTimer = setTimeout(stopTyping, seconds * 1000);
  $("clinic-state").textContent = "escribiendo…";
  $("clinic-state").classList.add("is-typing");
  if (!log.querySelector(".typing")) log.append(typingBubble());
  if (state.atBottom) toBottom();
}

function stopTyping() {
  clearTimeout(state.typingTimer);
  state.typingTimer = 0;
  $("clinic-state").textContent = state.clinic?.phone ?? "";
  $("clinic-state").classList.remove("is-typing");
  $("log").querySelector(".typing")?.remove();
}

// ---- writing --------------------------------------------------------------------------------------------------------

async function send(message) {
  try {
    await write(state.clinic, state.me, message);
  } catch (problem) {
    toast(`No se pudo enviar: ${problem.message}`);
  }
}

function takeContext() {
  const context = state.quoted ? { context: { message_id: state.quoted.id } } : {};
  stopQuoting();
  return context;
}

function fitText() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
  const empty = !text.value.trim();
  $("send").hidden = empty;
  $("voice").hidden = !empty;
}

$("text").addEventListener("input", fitText);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = $("text").value.trim();
  if (!words) return;
  $("text").value = "";
  fitText();
  send({ type: "text", text: words, ...takeContext() });
});
$("voice").addEventListener("click", () => send({ type: "audio", audio: { voice: true }, ...takeContext() }));
$("attach").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const kind = file.type.startsWith("image/") ? "image" : "document";
  const caption = $("text").value.trim() || null;
  $("text").value = "";
  fitText();
  send({ type: kind, [kind]: { ...(await encodeFile(file)), caption }, ...takeContext() });
});

function startQuoting(item) {
  state.quoted = item;
  $("quoting-text").textContent = summary(item);
  $("quoting").hidden = false;
  $("text").focus();
}

function stopQuoting() {
  state.quoted = null;
  $("quoting").hidden = true;
}

$("quoting-cancel").addEventListener("click", stopQuoting);

function toggleEmojis(open) {
  $("emojis").hidden = !open;
  $("emoji").setAttribute("aria-expanded", String(open));
}

$("emojis").append(
  ...EMOJIS.map((emoji) => {
    const button = el("button", { type: "button", ariaLabel: `Emoji ${emoji}` }, emoji);
    button.addEventListener("click", () => {
      const text = $("text");
      text.setRangeText(emoji, text.selectionStart, text.selectionEnd, "end");
      fitText();
      text.focus();
    });
    return button;
  }),
);
$("emoji").addEventListener("click", () => toggleEmojis($("emojis").hidden));
$("composer").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  toggleEmojis(false);
  stopQuoting();
  $("text").focus();
});

let toastTimer = 0;
function toast(words) {
  clearTimeout(toastTimer);
  $("toast").textContent = words;
  $("toast").hidden = false;
  toastTimer = setTimeout(() => ($("toast").hidden = true), 6000);
}

// ---- start ----------------------------------------------------------------------------------------------------------

state.me = loadProfile();
showProfile();
await refreshClinics();
const wanted = state.clinics.find((clinic) => clinic.phone_number_id === location.hash.slice(1));
if (wanted) openClinic(wanted);
if (state.me.isNew) editProfile();
// Without an open thread there is no event stream: look for newly registered clinics now and then.
setInterval(() => state.clinic || refreshClinics().catch(() => ($("offline").hidden = false)), 3000);
