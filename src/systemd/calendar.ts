/** The shipped calendar: how often a sweep is due. */
export const shippedCalendar = "*:0/5";
export const shippedPeriodMs = 5 * 60_000;
