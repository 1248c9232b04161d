// The axis of the timeline: quarters of an hour from 06:00 to 22:00, day after day, on the wall clock.
export const QUARTER = 15;
export const FIRST_HOUR = 6;
export const HOURS = 16;
export const DAY = HOURS * 4;
const MINUTE = 60000;
const two = (n) => String(n).padStart(2, "0");

export class Axis {
  constructor(days) {
    this.days = days;
    this.quarters = days.length * DAY;
  }
  // The quarter under a pointer on a track.
  at(track, x) {
    const edge = track.getBoundingClientRect();
    return Math.min(this.quarters - 1, Math.max(0, Math.floor(((x - edge.left) / edge.width) * this.quarters)));
  }
  clock(quarter, isEnd = false) {
    let day = Math.floor(quarter / DAY);
    let within = quarter % DAY;
    if (isEnd && within === 0) { day -= 1; within = DAY; }
    const minutes = FIRST_HOUR * 60 + within * QUARTER;
    return { day: this.days[day], time: `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` };
  }
  local(quarter, isEnd) {
    const { day, time } = this.clock(quarter, isEnd);
    return `${day.date}T${time}`;
  }
  // A wall-clock time as a place on the axis, in quarters and parts of them, clamped to what is drawn.
  place(time) {
    const day = Math.floor((time - wall(`${this.days[0].date}T00:00`)) / (1440 * MINUTE));
    const hours = time.getUTCHours() + time.getUTCMinutes() / 60 - FIRST_HOUR;
    const place = day * DAY + Math.min(HOURS, Math.max(0, hours)) * 4;
    return Math.min(this.quarters, Math.max(0, place));
  }
  name(time) {
    const day = this.days.find(({ date }) => date === written(time).slice(0, 10));
    return day ? day.name : written(time).slice(8, 10) + "/" + written(time).slice(5, 7);
  }
}

// Wall-clock times are reckoned as if in UTC: the server alone knows the zone.
export const wall = (text) => new Date(`${text}Z`);
export const written = (time) => time.toISOString().slice(0, 16);
export const later = (time, minutes) => new Date(time.getTime() + minutes * MINUTE);
export const hour = (time) => written(time).slice(11);
export const sameDay = (from, to) => written(from).slice(0, 10) === written(later(to, -1)).slice(0, 10);
