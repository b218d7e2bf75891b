import type { Moments } from "../../report/listing/history-text.ts";
import type { Times } from "../../report/listing/beside.ts";

const pad = (part: number): string => String(part).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Times of day and dates where this machine is. */
export const clockTimes: Times & Moments & { readonly day: (epochMs: number) => string } = {
  time: (epochMs) => {
    const at = new Date(epochMs);
    return `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  },
  day: (epochMs) => {
    const at = new Date(epochMs);
    return `${months[at.getMonth()] ?? ""} ${at.getDate()}`;
  },
  moment: (epochMs) => {
    const day = clockTimes.day(epochMs);
    return `${day === clockTimes.day(Date.now()) ? "today" : day} ${clockTimes.time(epochMs)}`;
  },
};
