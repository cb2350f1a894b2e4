// What pages do beyond what HTML does. Without it every page is complete: times are in UTC, numbers as of the request.
// Only text and attributes are set, so that no text becomes code (Trusted Types).
const language = document.documentElement.lang || 'en';
const said = document.getElementById('said');

// Announces politely, also the same words twice.
function say(text) {
  said.textContent = '';
  setTimeout(() => { said.textContent = text; }, 50);
}

// English dates as most of the world writes them: day before month.
const dates = language === 'en' ? 'en-GB' : language;

// Times in the reader's zone, with its name, and with seconds where the moment has some; UTC stays in the title.
function localTimes(root) {
  const style = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };
  for (const time of root.querySelectorAll('time[data-local]')) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const options = date.getSeconds() === 0 ? style : { ...style, second: '2-digit' };
    time.title = time.textContent;
    time.textContent = new Intl.DateTimeFormat(dates, options).format(date);
    time.removeAttribute('data-local');
  }
}

for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say(said.dataset.copied);
    } catch {
      const target = document.getElementById(button.dataset.from);
      if (target) getSelection().selectAllChildren(target);
    }
  });
}

// A second click sends nothing; the server would answer it with the first result anyway.
for (const form of document.querySelectorAll('form[method=post]:not([data-again])')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = 'yes';
  });
}
// The back button shows a form that was not sent.
addEventListener('pageshow', (event) => {
  if (event.persisted) for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});

document.querySelector('.summary')?.focus();

// A file is read into the text area beside it: choose it, or drop it there.
for (const input of document.querySelectorAll('input[type=file][data-into]')) {
  const area = document.getElementById(input.dataset.into);
  const take = async (file) => { if (file) area.value = await file.text(); };
  input.closest('.field').hidden = false;
  input.addEventListener('change', () => take(input.files[0]));
  area.addEventListener('dragover', (event) => event.preventDefault());
  area.addEventListener('drop', (event) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}

// Tables and lists of which rows come and go: texts that the server made, and what is shown where there are none.
function shownIf(place, name, is) {
  for (const none of document.querySelectorAll(`[data-none="${name}"]`)) none.hidden = is;
  place.hidden = !is;
}
function rows(body, all) {
  if (!all) return;
  const heads = [...body.closest('table').querySelectorAll('thead th')].map((head) => head.textContent);
  body.replaceChildren(...all.map((cells) => {
    const row = document.createElement('tr');
    cells.forEach((text, place) => {
      const cell = document.createElement(place === 0 ? 'th' : 'td');
      if (place === 0) cell.scope = 'row';
      else { cell.className = 'number'; cell.dataset.label = heads[place]; }
      cell.textContent = text;
      row.append(cell);
    });
    return row;
  }));
  shownIf(body.closest('[data-some]'), body.dataset.rows, all.length > 0);
}
function lines(list, all) {
  if (!all) return;
  list.replaceChildren(...all.map((text) => {
    const line = document.createElement('li');
    line.textContent = text;
    return line;
  }));
  shownIf(list, list.dataset.list, all.length > 0);
}

// Live numbers: texts that the server made, put where they belong. One line every half a minute is announced.
function live(place) {
  const source = new EventSource(place.dataset.live);
  const button = place.querySelector('button[data-pause]');
  let isPaused = false;
  let spoken = 0;
  source.addEventListener('totals', (event) => {
    if (isPaused) return;
    const texts = JSON.parse(event.data);
    for (const target of place.querySelectorAll('[data-field]')) {
      const text = texts[target.dataset.field];
      if (text !== undefined && target.textContent !== text) target.textContent = text;
    }
    for (const body of place.querySelectorAll('[data-rows]')) rows(body, texts[body.dataset.rows]);
    for (const list of place.querySelectorAll('[data-list]')) lines(list, texts[list.dataset.list]);
    for (const bar of place.querySelectorAll('[data-width]')) {
      const width = texts[bar.dataset.width];
      if (width !== undefined) bar.setAttribute('width', width);
    }
    place.dispatchEvent(new CustomEvent('totals', { detail: texts }));
    if (Date.now() - spoken > 30000) {
      spoken = Date.now();
      say(texts.sentence);
    }
  });
  if (button) {
    button.hidden = false;
    button.addEventListener('click', () => {
      isPaused = !isPaused;
      button.setAttribute('aria-pressed', String(isPaused));
    });
  }
  addEventListener('pagehide', () => source.close(), { once: true });
}
for (const place of document.querySelectorAll('[data-live]')) live(place);

// A rehearsal that runs: how far it is, and the page again when it is over.
function rehearsal(place) {
  const look = async () => {
    try {
      const answer = await fetch(place.dataset.rehearsal);
      const run = await answer.json();
      if (answer.ok && run.state !== 'running') { location.reload(); return; }
      if (answer.ok) {
        place.querySelector('progress').value = run.step;
        place.querySelector('[data-step]').textContent = `${run.step} / ${run.steps}`;
      }
    } catch { /* Asked again. */ }
    setTimeout(look, 500);
  };
  look();
}
for (const place of document.querySelectorAll('[data-rehearsal]')) rehearsal(place);

// What is waited for, such as money that is booked: the page goes on as soon as it is there.
function lookAgain(place) {
  place.querySelector('[data-looks]').hidden = false;
  let pause = 400;
  const look = async () => {
    try {
      const answer = document.hidden ? null : await fetch(location.href);
      if (answer?.ok && !(await answer.text()).includes('data-look-again')) { location.reload(); return; }
    } catch { /* Asked again. */ }
    pause = Math.min(pause * 1.5, 15000);
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}
for (const place of document.querySelectorAll('[data-look-again]')) lookAgain(place);

localTimes(document);
