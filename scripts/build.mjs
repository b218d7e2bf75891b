// Builds all that ships in dist/.
import { writeFileSync } from "node:fs";
import { bundleHostLibrary, bundleLibrary, bundleTool } from "./bundle.mjs";
import { bundledPackages, licencesFile } from "./third-party.mjs";

const built = await Promise.all([bundleTool(), bundleLibrary(), bundleHostLibrary()]);
writeFileSync("dist/third-party-licenses.txt", licencesFile(bundledPackages(...built.flatMap(({ metafiles }) => metafiles))));
