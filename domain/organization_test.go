package domain

import "strings"

var organizationRows = []row{
	{
		name: "with its first owner",
		when: CreateOrganization{byRoot, "Acme", ada, profile("ada@acme.test")},
		then: stage[:3],
	},
	{
		name: "by nobody but the root token", when: CreateOrganization{byProgram, "Acme", ada, profile("ada@acme.test")},
		err: ErrNotAllowed,
	},
	{
		name: "by no person", when: CreateOrganization{by(ada), "Acme", ada, profile("ada@acme.test")},
		err: ErrNotAllowed,
	},
	{
		name: "on behalf of nobody", when: CreateOrganization{as(ada, byRoot), "Acme", ada, profile("ada@acme.test")},
		err: ErrNotAllowed,
	},
	{
		name: "once", given: stage, when: CreateOrganization{byRoot, "Acme", ada, profile("ada@acme.test")},
		err: ErrOrganizationExists,
	},
	{
		name: "who may not is not told of another", given: stage, when: CreateOrganization{byProgram, "Acme", ada, profile("ada@acme.test")},
		err: ErrNotAllowed,
	},
	{
		name: "a name is needed", when: CreateOrganization{byRoot, "", ada, profile("ada@acme.test")},
		err: invalid("/name", "required"),
	},
	{
		name: "an owner is needed", when: CreateOrganization{byRoot, "Acme", UserID{}, profile("ada@acme.test")},
		err: invalid("/owner/user_id", "required"),
	},
	{
		name: "the owner's address is needed", when: CreateOrganization{byRoot, "Acme", ada, ProfileFacts{}},
		err: invalid("/owner/email", "invalid_email"),
	},
	{
		name: "the same address in another organization", given: stage[:3],
		when: CreateOrganization{to(globex, byRoot), "Globex", zoe, profile("ada@acme.test")},
		then: []Event{
			OrganizationCreated{inOrganization(globex), "Globex"},
			UserProfileSet{About: About{Organization: globex, User: zoe}, Profile: profile("ada@acme.test")},
			OrganizationMemberAdded{About{Organization: globex, User: zoe}, OrganizationOwner},
		},
	},

	{name: "by its owner", given: stage, when: RenameOrganization{by(ada), "Apex"}, then: organizationRenamed},
	{name: "by its admin", given: stage, when: RenameOrganization{by(ben), "Apex"}, then: organizationRenamed},
	{name: "by a program", given: stage, when: RenameOrganization{byProgram, "Apex"}, then: organizationRenamed},
	{name: "by the root token", given: stage, when: RenameOrganization{byRoot, "Apex"}, then: organizationRenamed},
	{name: "to the same", given: stage, when: RenameOrganization{by(ada), "Acme"}},
	{name: "by a member", given: stage, when: RenameOrganization{by(cleo), "Apex"}, err: ErrNotAllowed},
	{name: "by a workspace's owner", given: stage, when: RenameOrganization{by(olga), "Apex"}, err: ErrNotAllowed},
	{name: "on behalf of a member", given: stage, when: RenameOrganization{as(cleo, byProgram), "Apex"}, err: ErrNotAllowed},
	{name: "on behalf of its admin", given: stage, when: RenameOrganization{as(ben, byProgram), "Apex"}, then: organizationRenamed},
	{name: "by a program of a workspace", given: stage, when: RenameOrganization{within(studio, byProgram), "Apex"}, err: ErrNotAllowed},
	{name: "by its owner, bound to a workspace", given: stage, when: RenameOrganization{within(studio, by(ada)), "Apex"}, err: ErrNotAllowed},
	{name: "by another organization's owner", given: stage, when: RenameOrganization{by(zoe), "Apex"}, err: ErrNotAllowed},
	{name: "of none", when: RenameOrganization{byProgram, "Apex"}, err: ErrUnknownOrganization},
	{name: "to nothing", given: stage, when: RenameOrganization{by(ada), ""}, err: invalid("/name", "required")},
	{name: "to 200 characters", given: stage, when: RenameOrganization{by(ada), strings.Repeat("ä", MaxName)}, then: []Event{
		OrganizationRenamed{inOrganization(acme), Change[string]{"Acme", strings.Repeat("ä", MaxName)}},
	}},
	{name: "to 201 characters", given: stage, when: RenameOrganization{by(ada), strings.Repeat("ä", MaxName+1)}, err: invalid("/name", "too_long")},
	{name: "to two lines", given: stage, when: RenameOrganization{by(ada), "Ap\nex"}, err: invalid("/name", "invalid_characters")},
	{name: "to two lines of Unicode's", given: stage, when: RenameOrganization{by(ada), "Ap\u2028ex"}, err: invalid("/name", "invalid_characters")},
	{name: "to two paragraphs", given: stage, when: RenameOrganization{by(ada), "Ap\u2029ex"}, err: invalid("/name", "invalid_characters")},
	{name: "to no UTF-8", given: stage, when: RenameOrganization{by(ada), "Ap\xffex"}, err: invalid("/name", "invalid_characters")},
	{name: "to a space before it", given: stage, when: RenameOrganization{by(ada), " Apex"}, err: invalid("/name", "surrounding_space")},
	{name: "to a space", given: stage, when: RenameOrganization{by(ada), " "}, err: invalid("/name", "surrounding_space")},
}

var organizationRenamed = []Event{OrganizationRenamed{inOrganization(acme), Change[string]{"Acme", "Apex"}}}
