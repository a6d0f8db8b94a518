import { type Json, type JsonObject, listAt, objectAt } from "../json.js";

const STATEMENT_KEYS = ["Sid", "Effect", "Action", "Resource"];

/** What a statement allows, whichever way it was written. */
export interface Grant {
	readonly sid: Json;
	readonly actions: readonly Json[];
	readonly resources: readonly Json[];
}

/** The grants of a policy document, sorted. */
export function grantsIn(document: JsonObject): Grant[] {
	return listAt(document.Statement)
		.map(objectAt)
		.map(({ Sid = null, Action, Resource }) => ({
			sid: Sid,
			actions: [...listAt(Action)].sort(),
			resources: [...listAt(Resource)].sort(),
		}))
		.sort((a, b) => String(a.sid).localeCompare(String(b.sid)));
}

/** Where a policy document allows more than named actions on things named in full, one line each. */
export function policyProblems(document: JsonObject): string[] {
	const version = document.Version === "2012-10-17" ? [] : ["Version: not 2012-10-17"];
	return [...version, ...listAt(document.Statement).map(objectAt).flatMap(statementProblems)];
}

function statementProblems(statement: JsonObject): string[] {
	const { Sid, Effect, Action, Resource } = statement;
	const actions = listAt(Action).map(String);
	const resources = listAt(Resource).map(String);
	const unknown = Object.keys(statement).filter((key) => !STATEMENT_KEYS.includes(key));
	return [
		...unknown.map((key) => `${key} is not looked into`),
		...(Effect === "Allow" ? [] : [`Effect ${Effect}`]),
		...(actions.length === 0 || resources.length === 0 ? ["no action or no resource"] : []),
		...actions.filter((action) => !/^[a-z0-9]+:[A-Za-z]+$/.test(action)).map((action) => `action ${action}`),
		...resources.flatMap((resource) => resourceProblems(resource, actions)),
	].map((problem) => `${Sid}: ${problem}`);
}

/**
 * The only wildcard that is allowed is the one of deploy/lambda/README.md: the streams of one log group. Lambda
 * makes up their names, so that there is no full ARN to give.
 */
function resourceProblems(resource: string, actions: readonly string[]): string[] {
	const [arn, partition, service] = resource.split(":");
	if (arn !== "arn" || partition !== "aws") return [`resource ${resource} is no ARN`];
	const foreign = actions.filter((action) => !action.startsWith(`${service}:`));
	const named = /^arn:aws:logs:[^:]+:\d+:log-group:[^:]+:\*$/.test(resource)
		? resource.slice(0, -2)
		: resource;
	return [
		...foreign.map((action) => `${action} has nothing to do with ${resource}`),
		...(/[*?<>]/.test(named) ? [`resource ${resource} is not named in full`] : []),
	];
}
