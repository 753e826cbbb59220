package domain

import "testing"

var workspaceRows = []row{
	{name: "by the organization's owner", given: stage, when: createAnnex(by(ada)), then: annexCreated},
	{name: "by the organization's admin, who makes its owner", given: stage, when: createAnnex(by(ben)), then: annexCreated},
	{name: "by a program", given: stage, when: createAnnex(byProgram), then: annexCreated},
	{name: "by the root token", given: stage, when: createAnnex(byRoot), then: annexCreated},
	{name: "by a member", given: stage, when: createAnnex(by(cleo)), err: ErrNotAllowed},
	{name: "by another workspace's owner", given: stage, when: createAnnex(by(olga)), err: ErrNotAllowed},
	{name: "by its owner-to-be", given: stage, when: createAnnex(by(zoe)), err: ErrNotAllowed},
	{name: "on behalf of a member", given: stage, when: createAnnex(as(cleo, byProgram)), err: ErrNotAllowed},
	{name: "by a program of a workspace", given: stage, when: createAnnex(within(studio, byProgram)), err: ErrNotAllowed},
	{name: "by a program bound to the very id", given: stage, when: createAnnex(within(annex, byProgram)), err: ErrNotAllowed},
	{name: "twice", given: after(stage, annexCreated...), when: createAnnex(by(ada)), err: ErrWorkspaceExists},
	{name: "with another organization's id", given: stage, when: CreateWorkspace{by(ada), vault, "Annex", zoe, membership(annex, zoe)}, err: ErrWorkspaceExists},
	{name: "in no organization", when: createAnnex(byRoot), err: ErrUnknownOrganization},
	{name: "without a name", given: stage, when: CreateWorkspace{by(ada), annex, "", zoe, membership(annex, zoe)}, err: invalid("/name", "required")},
	{name: "without an owner", given: stage, when: CreateWorkspace{by(ada), annex, "Annex", UserID{}, membership(annex, zoe)}, err: invalid("/owner_user_id", "required")},

	{name: "by its owner", given: stage, when: RenameWorkspace{by(olga), studio, "Loft"}, then: studioRenamed},
	{name: "by its admin", given: stage, when: RenameWorkspace{by(adam), studio, "Loft"}, then: studioRenamed},
	{name: "by the organization's admin", given: stage, when: RenameWorkspace{by(ben), studio, "Loft"}, then: studioRenamed},
	{name: "by a program", given: stage, when: RenameWorkspace{byProgram, studio, "Loft"}, then: studioRenamed},
	{name: "by its program", given: stage, when: RenameWorkspace{within(studio, byProgram), studio, "Loft"}, then: studioRenamed},
	{name: "by another's program", given: stage, when: RenameWorkspace{within(lab, byProgram), studio, "Loft"}, err: ErrNotAllowed},
	{name: "by another's owner", given: stage, when: RenameWorkspace{by(zoe), studio, "Loft"}, err: ErrNotAllowed},
	{name: "by its owner, bound to another", given: stage, when: RenameWorkspace{within(lab, by(olga)), studio, "Loft"}, err: ErrNotAllowed},
	{name: "by its editor", given: stage, when: RenameWorkspace{by(edna), studio, "Loft"}, err: ErrNotAllowed},
	{name: "by a former admin", given: after(stage, removed(studio, adam, RoleAdmin)), when: RenameWorkspace{by(adam), studio, "Loft"}, err: ErrNotAllowed},
	{name: "to the same", given: stage, when: RenameWorkspace{by(olga), studio, "Studio"}},
	{name: "to nothing", given: stage, when: RenameWorkspace{by(olga), studio, ""}, err: invalid("/name", "required")},
	{name: "archived", given: archived, when: RenameWorkspace{by(olga), studio, "Loft"}, err: ErrWorkspaceArchived},
	{name: "archived, to the same", given: archived, when: RenameWorkspace{by(olga), studio, "Studio"}, err: ErrWorkspaceArchived},
	{name: "archived, by its editor", given: archived, when: RenameWorkspace{by(edna), studio, "Loft"}, err: ErrNotAllowed},
	{name: "restored", given: after(archived, WorkspaceRestored{inWorkspace(studio)}), when: RenameWorkspace{by(olga), studio, "Loft"}, then: studioRenamed},
	{name: "unknown", given: stage, when: RenameWorkspace{by(ada), annex, "Loft"}, err: ErrUnknownWorkspace},
	{name: "another organization's", given: stage, when: RenameWorkspace{byProgram, vault, "Loft"}, err: ErrUnknownWorkspace},
	{name: "another organization's, by its owner", given: stage, when: RenameWorkspace{by(zoe), vault, "Loft"}, err: ErrUnknownWorkspace},

	{name: "by its admin", given: stage, when: ArchiveWorkspace{by(adam), studio}, then: []Event{WorkspaceArchived{inWorkspace(studio)}}},
	{name: "by its program", given: stage, when: ArchiveWorkspace{within(studio, byProgram), studio}, then: []Event{WorkspaceArchived{inWorkspace(studio)}}},
	{name: "twice", given: archived, when: ArchiveWorkspace{by(adam), studio}},
	{name: "by its editor", given: stage, when: ArchiveWorkspace{by(edna), studio}, err: ErrNotAllowed},
	{name: "twice, by its editor", given: archived, when: ArchiveWorkspace{by(edna), studio}, err: ErrNotAllowed},
	{name: "unknown", given: stage, when: ArchiveWorkspace{by(ada), annex}, err: ErrUnknownWorkspace},
	{name: "another organization's", given: stage, when: ArchiveWorkspace{byRoot, vault}, err: ErrUnknownWorkspace},

	{name: "by its admin", given: archived, when: RestoreWorkspace{by(adam), studio}, then: []Event{WorkspaceRestored{inWorkspace(studio)}}},
	{name: "that is not archived", given: stage, when: RestoreWorkspace{by(adam), studio}},
	{name: "by its editor", given: archived, when: RestoreWorkspace{by(edna), studio}, err: ErrNotAllowed},
	{name: "unknown", given: archived, when: RestoreWorkspace{by(ada), annex}, err: ErrUnknownWorkspace},
}

var (
	annex        = named[workspaceKind]("annex") // does not exist yet
	annexCreated = []Event{WorkspaceCreated{inWorkspace(annex), "Annex"}, added(annex, zoe, RoleOwner)}

	studioRenamed = []Event{WorkspaceRenamed{inWorkspace(studio), Change[string]{"Studio", "Loft"}}}
	archived      = after(stage, WorkspaceArchived{inWorkspace(studio)})
)

func createAnnex(m Meta) Command {
	return CreateWorkspace{m, annex, "Annex", zoe, membership(annex, zoe)}
}

func TestWorkspaceEvolves(t *testing.T) {
	ws := fold(after(archived, studioRenamed...)...).Workspace(studio)
	if ws.ID != studio || ws.Organization != acme || ws.Name != "Loft" || ws.ArchivedAt.IsZero() {
		t.Errorf("%+v", ws)
	}
	if want := uint64(len(archived) + 1); ws.Version != want {
		t.Errorf("version %d, want that of the last event, %d", ws.Version, want)
	}
	restored := fold(after(archived, WorkspaceRestored{inWorkspace(studio)})...).Workspace(studio)
	if !restored.ArchivedAt.IsZero() {
		t.Errorf("restored: %+v", restored)
	}
}
