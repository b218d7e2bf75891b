import * as v from "valibot";
import { described, document, object, text } from "../../report/model/schema.ts";
import { failureCodes } from "../failure.ts";

export const failureDocument = document("What any command prints that could not do what it was asked for.", {
  error: object({
    code: described("fault: a mistake in sessreap itself.", v.picklist([...failureCodes, "fault"])),
    message: described("In sentences; it may have several lines.", text),
  }),
});
