import { expect, it } from "vitest";
import { listAt, objectAt } from "./json.js";
import { policyProblems } from "./lambda-infrastructure/policies.js";
import { snippetsFor } from "./snippets.js";

const policies = snippetsFor("policies").map(({ page, line, text }) => ({
	where: `${page}:${line}`,
	policy: objectAt(JSON.parse(text)),
}));

it.each(policies.filter(({ policy }) => "Effect" in policy))(
	"$where grants named actions on things named in full",
	({ policy }) => {
		const document = { Version: "2012-10-17", Statement: [{ Sid: "Shown", ...policy }] };
		expect(policyProblems(document)).toEqual([]);
		expect(policyProblems({ ...document, Statement: [{ ...policy, Resource: "*" }] })).not.toEqual([]);
	},
);

it.each(policies.filter(({ policy }) => !("Effect" in policy)))(
	"$where is a role that may open and do nothing else",
	({ policy }) => {
		expect(Object.keys(policy).sort()).toEqual(["AssignableScopes", "DataActions", "Name"]);
		expect(listAt(policy.DataActions)).toEqual(["Microsoft.KeyVault/vaults/keys/unwrap/action"]);
	},
);

it("every policy on a page is one of the two", () => {
	expect(policies).toHaveLength(4);
});
