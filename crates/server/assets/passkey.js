// Passkeys: the browser asks for one, and the interface of the site checks it. Buttons are hidden where there are none.
const said = document.getElementById('said');

async function call(path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const value = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(value?.title ?? String(answer.status));
  return value;
}

const doing = {
  // Logs in, or shows a second factor: both give the browser a new cookie.
  async get(button) {
    const asked = await call('/v1/sessions/passkey', {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
    const credential = await navigator.credentials.get({ publicKey });
    const answer = { ceremony: asked.ceremony, credential: credential.toJSON() };
    if (button.dataset.passkey === 'show') {
      await call('/v1/sessions/current/second-factor', { passkey: answer });
    } else {
      await call('/v1/sessions/passkey/confirmation', answer);
    }
  },
  async add() {
    const label = document.getElementById('passkey-label').value.trim();
    const asked = await call('/v1/me/factors/passkeys', {});
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options);
    const credential = await navigator.credentials.create({ publicKey });
    await call('/v1/me/factors/passkeys/confirmation', {
      ceremony: asked.ceremony,
      credential: credential.toJSON(),
      label: label || 'passkey',
    });
  },
};

if (globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const place of document.querySelectorAll('[data-needs-passkeys]')) place.hidden = false;
  for (const button of document.querySelectorAll('button[data-passkey]')) {
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        await (button.dataset.passkey === 'add' ? doing.add() : doing.get(button));
        location.assign(button.dataset.next);
      } catch (error) {
        // Somebody who closes the window of the browser did nothing wrong.
        const text = error.name === 'NotAllowedError' ? button.dataset.declined : error.message;
        document.getElementById('passkey-said').textContent = text;
        said.textContent = text;
        button.disabled = false;
      }
    });
  }
}
