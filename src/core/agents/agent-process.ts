/** A running agent CLI (`codex`, `code`, `coder`, `claude`, or a script runtime that runs one of them). */
export type AgentProcess = {
  readonly pid: number;
  readonly parentPid: number;
  /** The kernel's session id (`sid`), which background children keep when they change their process group. */
  readonly kernelSession: number;
  /** The id of its process group (`pgrp`), which a program that was started by no shell shares with what started it. */
  readonly processGroup: number;
  readonly terminal: number;
  readonly startTicks: string;
  readonly uid: number;
  readonly agent: string;
  readonly argv: readonly string[];
};

export type AppServerProcess = { readonly pid: number; readonly startTicks: string; readonly argv: readonly string[] };

export type InnerProcess = { readonly pid: number; readonly startTicks: string; readonly ownTime: boolean; readonly agent: boolean };
