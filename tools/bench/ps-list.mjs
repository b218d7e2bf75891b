// The package that lists processes on every platform: for the bench.
import psList from "ps-list";

if ((await psList()).length === 0) throw new Error("there are no processes");
