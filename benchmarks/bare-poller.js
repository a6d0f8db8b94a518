// What an unchanged poll is compared with: a process that asks a URL at each SIGHUP, with the ETag that it knows, and
// does nothing else. Usage: node bare-poller.js PORT URL

import { Agent, createServer, get } from "node:http";

const [, , port, url = ""] = process.argv;
const agent = new Agent({ keepAlive: true });
/** @type {string | undefined} */
let etag;

createServer((_, response) => response.end()).listen(Number(port), "127.0.0.1");
process.on("SIGHUP", poll);
poll();

function poll() {
	const headers = etag === undefined ? {} : { "If-None-Match": etag };
	get(url, { agent, headers }, (response) => {
		etag = response.headers.etag ?? etag;
		response.resume();
	});
}
