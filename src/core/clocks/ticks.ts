/**
 * One tick of field 22 of `/proc/<pid>/stat`, in ms: the kernel shows a hundred a second (`USER_HZ`) on every platform that Node runs
 * on (proc_pid_stat(5)).
 */
export const tickMs = 10;
