/* Times as people read them: since the start, of the day, and how long something took. */

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200];

/** Return milliseconds as `1.25 s` or `2 min 05 s`. */
function lasting(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const two = (number) => String(number).padStart(2, "0");
  const whole = Math.round(seconds);
  const [minutes, hours, days] = [Math.floor(whole / 60) % 60, Math.floor(whole / 3600) % 24, Math.floor(whole / 86400)];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${two(minutes)} min`;
  return `${minutes} min ${two(whole % 60)} s`;
}

/** Return a time in milliseconds since 1970 as `2026-01-31 12:00:00`, in local time or UTC. */
function moment(time, utc) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  if (utc) return date.toISOString().slice(0, 19).replace("T", " ") + "Z";
  const two = (number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}

/** Return the milliseconds between two ticks, so that at most so many fit. */
function stepOf(length, most) {
  const least = length / Math.max(1, most);
  for (let power = 0.001; power < 1000; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) if (step >= least) return step;
  }
  for (const seconds of STEPS) if (seconds * 1000 >= least) return seconds * 1000;
  let days = 1;
  while (days * 86400000 < least) days *= 2;
  return days * 86400000;
}
