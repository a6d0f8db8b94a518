// Call it in the handler, at each invocation: a value kept from the start outlives its rotation,
// and the extension answers from memory. If you set NODE_USE_ENV_PROXY, put 127.0.0.1 into NO_PROXY.
export async function secret(name) {
	const port = process.env.CLEF_AGENT_PORT || 7779;
	const authorization = `Bearer ${process.env.AWS_SESSION_TOKEN}`;
	const answer = await fetch(`http://127.0.0.1:${port}/v1/secrets/${name}`, {
		// A connection kept from an earlier invocation may be dead: Lambda freezes the function in between.
		headers: { authorization, accept: "text/plain", connection: "close" },
	});
	const body = await answer.text();
	if (answer.status !== 200) throw new TypeError(`${name}: ${answer.status} ${body}`);
	return body;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(await secret("DATABASE_URL"));
