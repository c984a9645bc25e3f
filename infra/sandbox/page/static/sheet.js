// A list message opened: sections of rows to choose one from.

import { $, el } from "./dom.js";

/** Opens the list and resolves to the chosen row, or to null when it is closed. */
export function openList(action) {
  const { sheet, form, rows, send } = { sheet: $("sheet"), form: $("sheet-form"), rows: $("sheet-rows"), send: $("sheet-send") };
  $("sheet-title").textContent = action.button;
  send.disabled = true;
  const byId = new Map(action.sections.flatMap((section) => section.rows).map((row) => [row.id, row]));
  rows.replaceChildren(...action.sections.map(sectionOf));
  rows.onchange = () => {
    send.disabled = false;
  };
  sheet.returnValue = "";
  sheet.showModal();
  // Braces: a handler that returns false would keep the radio buttons from being chosen.
  sheet.onclick = (event) => {
    if (event.target === sheet) sheet.close();
  };
  return new Promise((resolve) => {
    sheet.onclose = () => {
      const chosen = sheet.returnValue === "send" ? new FormData(form).get("row") : null;
      resolve(chosen === null ? null : byId.get(chosen));
    };
  });
}

function sectionOf(section) {
  const legend = section.title ? el("legend", {}, section.title) : el("legend", { className: "sr-only" }, "Opciones");
  return el("fieldset", {}, legend, ...section.rows.map(rowOf));
}

function rowOf(row) {
  const input = el("input", { type: "radio", name: "row", value: row.id });
  const words = el("span", {}, el("strong", {}, row.title), row.description ? el("small", {}, row.description) : null);
  return el("label", { className: "option" }, words, input);
}
