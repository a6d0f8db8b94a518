// What just-in-time is compared with: a node:http server that decrypts for each request, one after the other, with
// nothing but the age library. The identity is imported once.
// Usage: node serial-decrypt.js PORT ARTIFACT_FILE IDENTITY_FILE

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { plainDecrypter } from "./age-library.js";

const [, , port, artifactFile = "", identityFile = ""] = process.argv;
const { ciphertext } = JSON.parse(readFileSync(artifactFile, "utf8"));
const file = Buffer.from(ciphertext, "base64");
const decrypter = plainDecrypter(readFileSync(identityFile, "utf8"));

let last = Promise.resolve();

createServer((_, response) => {
	last = last.then(async () => {
		const secrets = JSON.parse(await decrypter.decrypt(file, "text"));
		const body = Buffer.from(JSON.stringify(secrets));
		response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length }).end(body);
	});
}).listen(Number(port), "127.0.0.1");
