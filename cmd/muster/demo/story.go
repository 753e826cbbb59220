package demo

import (
	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
)

const organizationName = "Harbor Studio"

var organization = domain.OrganizationID(idOf("organization"))

// idOf returns the id of something in the demo, the same on every machine.
func idOf(name string) [16]byte {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://example.com/harbor-studio/"+name))
}

func userID(person string) domain.UserID { return domain.UserID(idOf("users/" + person)) }

func workspaceID(name string) domain.WorkspaceID {
	return domain.WorkspaceID(idOf("workspaces/" + name))
}

// The people, by their first names.
const (
	maya, tomas, ingrid, kwame   = "maya", "tomas", "ingrid", "kwame"
	lucia, henrik, aisha, daniel = "lucia", "henrik", "aisha", "daniel"
	mei, oscar, priya, jonas     = "mei", "oscar", "priya", "jonas"
)

var people = map[string]domain.PersonName{
	maya: {First: "Maya", Last: "Lindqvist"}, tomas: {First: "Tomás", Last: "Okafor"},
	ingrid: {First: "Ingrid", Last: "Sato"}, kwame: {First: "Kwame", Last: "Mensah"},
	lucia: {First: "Lucia", Last: "Ferrari"}, henrik: {First: "Henrik", Last: "Vogel"},
	aisha: {First: "Aisha", Last: "Rahman"}, daniel: {First: "Daniel", Last: "O’Brien"},
	mei: {First: "Mei", Last: "Tanaka"}, oscar: {First: "Oscar", Last: "Delgado"},
	priya: {First: "Priya", Last: "Nair"}, jonas: {First: "Jonas", Last: "Weber"},
}

// The workspaces, by their names.
var workspaces = []string{relaunch, app, portal, brand}

const (
	relaunch = "Website relaunch"
	app      = "Ferry timetable app"
	brand    = "Brand guidelines"
	portal   = "Client portal"
)

// step is one thing that somebody did, a number of days before the demo is made.
type step struct {
	days, hour, minute int
	by                 string // who; empty: the operator
	reason             string
	do                 action
}

// story is what happened, in order. The API takes each of these commands, and the rules
// apply to them as to all others.
var story = []step{
	{152, 8, 12, "", "", func(m domain.Meta) domain.Command {
		return domain.CreateOrganization{Meta: m, Name: organizationName, Owner: userID(maya), Profile: profile(maya)}
	}},
	{152, 8, 40, maya, "", introduce(tomas)},
	{152, 8, 41, maya, "runs the studio with Maya", promote(tomas, domain.OrganizationAdmin)},
	{151, 9, 5, maya, "", newWorkspace(brand, maya)},
	{151, 9, 20, maya, "", join(brand, lucia, domain.RoleEditor)},
	{150, 10, 2, tomas, "", newWorkspace(relaunch, tomas)},
	{150, 10, 4, tomas, "", join(relaunch, kwame, domain.RoleEditor)},
	{150, 10, 5, tomas, "", join(relaunch, lucia, domain.RoleEditor)},
	{149, 13, 31, tomas, "", join(relaunch, henrik, domain.RoleViewer)},
	{141, 9, 48, tomas, "leads the front end", change(relaunch, kwame, domain.RoleAdmin)},
	{133, 15, 9, tomas, "", introduce(aisha)},
	{133, 15, 10, kwame, "", join(relaunch, aisha, domain.RoleEditor)},
	{128, 11, 26, maya, "", introduce(ingrid)},
	{128, 11, 27, maya, "new head of operations", promote(ingrid, domain.OrganizationAdmin)},
	{127, 9, 0, ingrid, "", newWorkspace(app, ingrid)},
	{127, 9, 6, ingrid, "", join(app, daniel, domain.RoleAdmin)},
	{126, 14, 14, ingrid, "", introduce(mei)},
	{126, 14, 15, daniel, "", join(app, mei, domain.RoleEditor)},
	{119, 10, 32, ingrid, "", introduce(oscar)},
	{119, 10, 33, daniel, "", join(app, oscar, domain.RoleViewer)},
	{112, 16, 1, tomas, "", introduce(priya)},
	{112, 16, 2, kwame, "", join(relaunch, priya, domain.RoleClient)},
	{104, 9, 17, maya, "the guidelines have a reader from the agency", join(brand, henrik, domain.RoleViewer)},
	{98, 12, 44, kwame, "parental leave", remove(relaunch, aisha)},
	{90, 9, 30, daniel, "writes the release notes", change(app, oscar, domain.RoleEditor)},
	{84, 10, 12, maya, "guidelines handed over to the client", archive(brand)},
	{77, 8, 55, ingrid, "", newWorkspace(portal, ingrid)},
	{77, 9, 3, ingrid, "", join(portal, tomas, domain.RoleAdmin)},
	{76, 11, 20, tomas, "", join(portal, priya, domain.RoleClient)},
	{76, 11, 22, tomas, "", join(portal, jonas, domain.RoleClient)},
	{69, 14, 8, tomas, "", join(portal, mei, domain.RoleEditor)},
	{61, 9, 41, maya, "moves to a project role", promote(ingrid, domain.OrganizationPlain)},
	{54, 10, 19, daniel, "contract ended", remove(app, oscar)},
	{47, 13, 2, kwame, "", change(relaunch, henrik, domain.RoleEditor)},
	{40, 9, 9, kwame, "back from leave", join(relaunch, aisha, domain.RoleEditor)},
	{33, 15, 37, maya, "", rename(relaunch, "Website relaunch 2")},
	{32, 8, 50, maya, "the working title was better", rename(relaunch, relaunch)},
	{26, 10, 58, daniel, "contract renewed until summer", join(app, oscar, domain.RoleEditor)},
	{19, 11, 14, tomas, "the client's new contact", change(portal, jonas, domain.RoleViewer)},
	{12, 9, 27, tomas, "left the client", remove(portal, priya)},
	{6, 14, 45, maya, "hands the app over to Daniel", change(app, daniel, domain.RoleOwner)},
	{2, 10, 21, daniel, "", change(app, mei, domain.RoleAdmin)},
	{1, 9, 36, kwame, "", join(relaunch, mei, domain.RoleViewer)},
}
