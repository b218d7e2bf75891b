/** One line of a terminal that says what is being done. It is there only while something takes long, and leaves nothing behind. */
export type ProgressLine = {
  /** What is done from now on; made text only where it is shown, so that it can be said of every entry. */
  readonly show: (doing: () => string) => void;
  /** Takes the line away, for what else is to be written there. */
  readonly end: () => void;
};

type Terminal = {
  readonly write: (text: string) => void;
  /** Cuts a text so that the terminal does not break it. */
  readonly fit: (text: string) => string;
  /** In ms, of a clock that is never set. */
  readonly now: () => number;
};

/** What is done sooner is done before a line about it could be read. */
const patienceMs = 1000;
/** Five times a second. */
const paceMs = 200;

const erase = "\r\u001b[2K";

/** While the tool waits for others the line is drawn by a timer; while it works, by what it says. */
export function progressLine({ write, fit, now }: Terminal): ProgressLine {
  const startedMs = now();
  let doing: (() => string) | undefined;
  let [drawn, drawnMs, isEnded] = ["", Number.NEGATIVE_INFINITY, false];
  const draw = (): void => {
    const nowMs = now();
    if (isEnded || doing === undefined || nowMs - startedMs < patienceMs || nowMs - drawnMs < paceMs) return;
    drawnMs = nowMs;
    const text = fit(doing());
    if (text !== drawn) write(`${erase}${text}`);
    drawn = text;
  };
  const timer = setInterval(draw, paceMs);
  // It keeps no run alive.
  timer.unref();
  return {
    show: (said) => {
      doing = said;
      draw();
    },
    end: () => {
      clearInterval(timer);
      if (!isEnded && drawn !== "") write(erase);
      isEnded = true;
    },
  };
}
