// What the page asks of the sandbox, and the events it receives.

const JSON_HEADERS = { "Content-Type": "application/json" };

async function read(response) {
  const body = await response.json();
  if (!response.ok) {
    const reason = body.errors?.map((problem) => problem.msg).join(" · ") ?? body.error;
    throw new Error(reason ?? `Error ${response.status}`);
  }
  return body;
}

const where = (clinic, me) => new URLSearchParams({ phone_number_id: clinic.phone_number_id, from: me.phone });

export const listClinics = async () => (await read(await fetch("/page/clinics"))).clinics;

export const loadThread = async (clinic, me) => (await read(await fetch(`/page/thread?${where(clinic, me)}`))).messages;

/** Writes to a clinic as the patient; `message` holds `type`, the content under that key, and maybe a context. */
export async function write(clinic, me, message) {
  const body = { to: clinic.phone_number_id, from: me.phone, name: me.name, ...message };
  return read(
    await fetch("/control/patients/messages", { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(body) }),
  );
}

/** Follows one thread. The browser reconnects by itself; `onOpen` also runs then, to catch up. */
export function follow(clinic, me, { onOpen, onMessage, onTyping, onReset, onClinics, onLost }) {
  const source = new EventSource(`/page/events?${where(clinic, me)}`);
  source.onopen = onOpen;
  source.onerror = onLost;
  source.addEventListener("message", (event) => onMessage(JSON.parse(event.data)));
  source.addEventListener("typing", (event) => onTyping(JSON.parse(event.data).seconds));
  source.addEventListener("reset", onReset);
  source.addEventListener("accounts", onClinics);
  return () => source.close();
}

/** A file as the control interface takes it. */
export function encodeFile(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(new Error("No se pudo leer el archivo."));
    reader.onload = () =>
      resolve({ content_base64: reader.result.split(",")[1], mime_type: file.type, filename: file.name });
    reader.readAsDataURL(file);
  });
}
