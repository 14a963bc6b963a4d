// Passkeys: a form marked data-passkey="create" or "use" asks the device first and is then sent like any other form.
// Without script, or on a browser that knows no passkeys, those forms stay hidden and the other ways remain.
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

function toText(buffer) {
  const signs = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const withBytes = (descriptors = []) => descriptors.map((one) => ({ ...one, id: toBytes(one.id) }));

async function create(form, { publicKey }) {
  const alone = form.elements.passwordless?.checked ?? false;
  const selection = {
    ...publicKey.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    ...(alone && { userVerification: "required" }),
  };
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
      excludeCredentials: withBytes(publicKey.excludeCredentials),
      authenticatorSelection: selection,
    },
  });
}

async function use(form, { publicKey }) {
  return navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      allowCredentials: withBytes(publicKey.allowCredentials),
    },
  });
}

function asText(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const answer = Object.fromEntries(parts.filter((part) => response[part]).map((part) => [part, toText(response[part])]));
  if (response.getTransports) answer.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: answer,
  });
}

async function optionsFor({ dataset }) {
  if (dataset.options) {
    const options = JSON.parse(document.getElementById(dataset.options).textContent);
    return options.creation_options ?? options.request_options;
  }
  const answer = await fetch(dataset.optionsFrom, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}`);
  return (await answer.json()).request_options;
}

async function ask(form) {
  const button = form.querySelector("button");
  const trouble = form.querySelector("[data-passkey-trouble]");
  trouble.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const options = await optionsFor(form);
    const credential = form.dataset.passkey === "create" ? await create(form, options) : await use(form, options);
    form.elements.credential.value = asText(credential);
    form.submit();
  } catch {
    trouble.hidden = false; // cancelled, timed out, unknown key: the way on is the same, and the sentence names it
  } finally {
    button.removeAttribute("aria-busy");
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  });
}
