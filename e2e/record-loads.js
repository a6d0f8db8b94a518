// Preloaded with --import: writes the address of every module a process loads to the file RECORD_LOADS names.

import { register } from "node:module";

const hooks = `
	import { appendFileSync } from "node:fs";
	export async function load(url, context, nextLoad) {
		appendFileSync(process.env.RECORD_LOADS, url + "\\n");
		return nextLoad(url, context);
	}
`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
