// Passkeys: asks the server what is to be signed, the browser for the signature, and sends the form with it.
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The signature of the browser for what the server asks. */
export const ask = async (options) => {
  const list = (known) => (known ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));
  const asked = { ...options, challenge: toBytes(options.challenge) };
  if (options.user) {
    asked.user = { ...options.user, id: toBytes(options.user.id) };
    asked.excludeCredentials = list(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: asked });
  }
  asked.allowCredentials = list(options.allowCredentials);
  return navigator.credentials.get({ publicKey: asked });
};

/** A credential in the words of the server. */
export const told = (credential) => {
  const { response } = credential;
  const answer = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) answer[name] = toText(response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const says = form.querySelector("[data-passkey-says]");
    says.textContent = "";
    try {
      const answer = await fetch(form.dataset.passkey, { method: "POST", body: new FormData(form) });
      if (!answer.ok || answer.redirected) { window.location.reload(); return; }
      form.elements.credential.value = told(await ask(await answer.json()));
      form.submit();
    } catch {
      says.textContent = says.dataset.passkeySays;
    }
  });
}
