// The raise over time, and the price: uPlot draws the numbers that the server said. Without it, the picture of the server
// stays. Only numbers, texts and attributes are set.
const language = document.documentElement.lang || 'en';
const dates = language === 'en' ? 'en-GB' : language;
const moment = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' };
const minutes = new Intl.DateTimeFormat(dates, moment);
const seconds = new Intl.DateTimeFormat(dates, { ...moment, second: '2-digit' });
const day = new Intl.DateTimeFormat(dates, { day: 'numeric', month: 'short' });
const hour = new Intl.DateTimeFormat(dates, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const clock = new Intl.DateTimeFormat(dates, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const short = new Intl.NumberFormat(language, { notation: 'compact', maximumSignificantDigits: 3 });
const said = document.getElementById('said');
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const stepped = window.uPlot?.paths.stepped({ align: 1 });
const straight = window.uPlot?.paths.linear();
const HIGH = 220;

// More points than this are asked for again, merged.
const MOST = 360;

// In seconds: uPlot's unit of time.
const at = (millis) => millis / 1000;

// A moment in words, with seconds where it has some, as the server says it.
const whole = (time) => (Math.floor(time) % 60 ? seconds : minutes).format(time * 1000);

// The axes of a picture: few lines, words in the page's language and the reader's zone.
function axes(length) {
  const words = length < 600 ? clock : length < 3 * 86400 ? hour : day;
  const plain = { stroke: () => colour('--quiet'), font: '12px system-ui, sans-serif', ticks: { show: false } };
  return [
    { ...plain, grid: { show: false }, size: 32, space: 90, values: (_, splits) => splits.map((split) => words.format(split * 1000)) },
    { ...plain, grid: { stroke: () => colour('--rule'), width: 1 }, size: 56, space: 45, values: (_, splits) => splits.map((split) => short.format(split)) },
  ];
}

const line = (name, more) => ({ scale: 'y', stroke: () => colour(name), width: 2.5, paths: stepped, points: { show: false }, ...more });

// Puts a picture in the place of the server's. What is under the pointer, or where the arrow keys lead, is said in words.
function draw(figure, range, series, data, words) {
  const drawn = figure.querySelector('[data-drawn]');
  const readout = figure.querySelector('[data-readout]');
  let finding = readout.textContent;
  const holder = document.createElement('div');
  holder.className = 'plot';
  holder.tabIndex = 0;
  holder.setAttribute('role', 'group');
  holder.setAttribute('aria-label', `${drawn.querySelector('svg').getAttribute('aria-label')} ${figure.dataset.keys}`);
  drawn.after(holder);
  drawn.hidden = true;
  const tell = (plot) => {
    const { idx } = plot.cursor;
    const text = idx === null || idx === undefined ? '' : words(idx);
    readout.textContent = text || finding;
  };
  const plot = new uPlot({
    width: holder.clientWidth,
    height: HIGH,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 9 } },
    scales: { x: { time: true, range: () => range() }, y: { range: (_, least, most) => [0, (most || 1) * 1.06] } },
    axes: axes(range()[1] - range()[0]),
    series: [{}, ...series],
    hooks: { setCursor: [tell] },
  }, data, holder);
  plot.root.setAttribute('aria-hidden', 'true');
  holder.addEventListener('keydown', (event) => {
    const times = plot.data[0];
    const idx = plot.cursor.idx ?? times.length - 1;
    const to = { ArrowLeft: idx - 1, ArrowRight: idx + 1, Home: 0, End: times.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    // On to the next moment of which there is something to say.
    const step = event.key === 'End' || event.key === 'ArrowLeft' ? -1 : 1;
    let next = Math.min(Math.max(to, 0), times.length - 1);
    while (times[next] !== undefined && !words(next)) next += step;
    if (times[next] === undefined) return;
    plot.setCursor({ left: plot.valToPos(times[next], 'x'), top: 0 });
    readout.textContent = words(next);
    said.textContent = words(next);
  });
  holder.addEventListener('blur', () => plot.setCursor({ left: -10, top: -10 }));
  new ResizeObserver(() => plot.setSize({ width: holder.clientWidth, height: HIGH })).observe(holder);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw());
  // What there is to say while nobody points at anything.
  const conclude = (text) => {
    if (readout.textContent === finding) readout.textContent = text;
    finding = text;
  };
  return { plot, conclude };
}

const ask = async (place) => {
  const answer = await fetch(place);
  return answer.ok ? answer.json() : null;
};

// The points of the server, from nothing at the begin to what counts now.
function raisedOf(told) {
  const points = told.raised.map(([millis, plain, text]) => [at(millis), Number(plain), text]);
  if (points.length === 0 || points[0][0] > at(told.from)) points.unshift([at(told.from), 0, '']);
  const [last, sum, text] = points[points.length - 1];
  const now = Math.min(at(told.now), at(told.until));
  if (now > last) points.push([now, sum, text]);
  return points;
}

function raiseChart(figure, told) {
  let points = raisedOf(told);
  let width = at(told.width);
  const caps = [[told.soft, '--chart-2', [8, 5]], [told.hard, '--chart-3', [2, 4]]].filter(([cap]) => cap !== null);
  const range = () => [at(told.from), Math.max(at(told.raise_until), points[points.length - 1][0])];
  // The caps are lines over the whole picture, so that there is a moment at its end.
  const data = () => {
    const times = points.map(([time]) => time);
    const sums = points.map(([, sum]) => sum);
    const end = range()[1];
    if (end > times[times.length - 1]) {
      times.push(end);
      sums.push(null);
    }
    return [times, sums, ...caps.map(([cap]) => times.map(() => Number(cap)))];
  };
  const series = [line('--chart-1', { fill: () => `${colour('--chart-1')}24` }), ...caps.map(([, name, dash]) => line(name, { dash, width: 2 }))];
  const words = (idx) => {
    const point = points[idx];
    return point && point[2] ? `${whole(point[0])}: ${point[2]}` : '';
  };
  const { plot, conclude } = draw(figure, range, series, data(), words);
  // The same as the server's words, in the reader's zone.
  conclude(words(points.length - 1));
  let isAsking = false;
  figure.closest('[data-live]')?.addEventListener('totals', async ({ detail }) => {
    if (detail.at === undefined || isAsking) return;
    const last = points[points.length - 1];
    const point = [at(detail.at), Number(detail.value), detail.raised];
    if (point[0] < last[0] || (point[0] === last[0] && point[1] === last[1])) return;
    // What falls into the same stretch of time is one point.
    if (points.length > 1 && Math.floor(point[0] / width) === Math.floor(last[0] / width)) points.pop();
    points.push(point);
    if (points.length > MOST) {
      isAsking = true;
      const again = await ask(figure.dataset.chart).catch(() => null);
      isAsking = false;
      if (again) {
        points = raisedOf(again);
        width = at(again.width);
      }
    }
    plot.setData(data());
    conclude(words(points.length - 1));
  });
}

// Each price from its begin to its end, so far as a line and dashed what comes; a gap where nothing is sold.
function priceChart(figure, told) {
  const now = at(told.now);
  const times = [];
  const past = [];
  const coming = [];
  const texts = [];
  const put = (time, price, isPast, isComing, text) => {
    times.push(time);
    past.push(isPast ? price : null);
    coming.push(isComing ? price : null);
    texts.push(text);
  };
  told.price.forEach(([millis, price], place) => {
    const from = at(millis);
    const until = at(told.price[place + 1]?.[0] ?? told.until);
    if (!price) return;
    const cost = Number(price[0]);
    put(from, cost, from <= now, from >= now, price[1]);
    if (from < now && now < until) put(now, cost, true, true, price[1]);
    put(until, cost, until <= now, until >= now && until > from, price[1]);
    put(until, null, false, false, '');
  });
  const words = (idx) => (texts[idx] ? `${whole(times[idx])}: ${texts[idx]}` : '');
  const series = [line('--chart-1', { paths: straight }), line('--chart-1', { paths: straight, dash: [6, 4] })];
  draw(figure, () => [at(told.from), at(told.until)], series, [times, past, coming], words);
}

if (window.uPlot) {
  const figure = document.querySelector('[data-chart]');
  const told = await ask(figure.dataset.chart).catch(() => null);
  if (told) {
    if (told.raised.length > 0) raiseChart(figure, told);
    const price = document.querySelector('[data-price-chart]');
    if (price && told.price.length > 1) priceChart(price, told);
  }
}
