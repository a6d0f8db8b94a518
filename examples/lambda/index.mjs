// Call it in the handler, at each invocation: the extension answers from memory, and a value that was kept from
// the start of the process would outlive its rotation. Where NODE_USE_ENV_PROXY is set, put 127.0.0.1 into NO_PROXY.
export async function secret(name) {
	const answer = await fetch(`http://127.0.0.1:${process.env.CLEF_AGENT_PORT || 7779}/v1/secrets/${name}`, {
		// A connection that was kept while Lambda froze the function may be dead.
		headers: {
			authorization: `Bearer ${process.env.AWS_SESSION_TOKEN}`,
			accept: "text/plain",
			connection: "close",
		},
	});
	const body = await answer.text();
	if (answer.status !== 200) throw new TypeError(`${name}: ${answer.status} ${body}`);
	return body;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(await secret("DATABASE_URL"));
