package transport

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// maxChecks is how many checks one request can ask for.
const maxChecks = 1000

func (a *API) accessChecks() {
	tags := []string{"Access"}
	register(a.native, huma.Operation{
		OperationID: "check-access", Method: http.MethodPost, Path: "/v1/access/check",
		Tags: tags, Security: scope("access:read"), Summary: "Check access",
		Description: "May this user do this in this workspace? Asks for a permission, or for a role: at least its level. Somebody whom nobody knows is not allowed anything.",
	}, []int{http.StatusNotFound, http.StatusServiceUnavailable}, a.checkAccess)
	register(a.native, huma.Operation{
		OperationID: "batch-check-access", Method: http.MethodPost, Path: "/v1/access/batch-check",
		Tags: tags, Security: scope("access:read"), Summary: "Check access many times",
		Description: "At most 1000 checks; the results are in the order of the checks. A check that cannot be answered, such as one of a workspace that the token does not reach, has an error, and does not keep the others from being answered: it allows nothing.",
	}, []int{http.StatusServiceUnavailable}, a.batchCheckAccess)
}

type checkAccessBody struct {
	User       domain.UserID      `json:"user_id" format:"uuid"`
	Workspace  domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	Permission domain.Permission  `json:"permission,omitzero" example:"content.edit" doc:"Either this or role."`
	Role       domain.RoleKey     `json:"role,omitzero" example:"editor" doc:"Either this or permission: the key of a role, built in or the organization's own."`
}

func (b *checkAccessBody) needs() []need {
	return []need{
		{"/user_id", !b.User.IsZero()},
		{"/workspace_id", !b.Workspace.IsZero()},
		{"/permission", b.Permission != "" || b.Role != ""},
	}
}

// complete refuses a check that lacks something.
func (b *checkAccessBody) complete() error {
	if p := missing(b); p != nil {
		return p
	}
	return nil
}

type checkAccessInput struct {
	ReadHeaders
	JSONBody[checkAccessBody]
}

// AccessCheck says whether something is allowed, and why.
type AccessCheck struct {
	Allowed bool         `json:"allowed"`
	Role    *RoleInBrief `json:"role" doc:"That of the strongest grant; null without any."`
	Grants  []Grant      `json:"grants" nullable:"false" doc:"The strongest first."`
}

// TransformSchema documents what can be null.
func (AccessCheck) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "role")
}

func (a *AccessCheck) appendJSON(b []byte) []byte {
	b = strconv.AppendBool(append(b, `{"allowed":`...), a.Allowed)
	b = append(b, `,"role":`...)
	if a.Role == nil {
		b = append(b, "null"...)
	} else {
		b = a.Role.appendJSON(b)
	}
	return append(appendGrants(append(b, `,"grants":`...), a.Grants), '}')
}

// AccessCheckAnswer is the answer to a check.
type AccessCheckAnswer struct{ Body *AccessCheck }

func (a *API) checkAccess(c *call, in *checkAccessInput) (*AccessCheckAnswer, error) {
	check, err := c.check(&in.Body.value)
	if err != nil {
		return nil, err
	}
	return &AccessCheckAnswer{&check}, nil
}

// check answers one check, of which all needed fields are there.
func (c *call) check(asked *checkAccessBody) (AccessCheck, error) {
	if asked.Permission != "" && asked.Role != "" {
		return AccessCheck{}, invalid(FieldProblem{"/role", codeInvalidValue, "permission or role is expected, not both"})
	}
	access, err := c.api.models.Check(asked.Workspace, asked.User, c.api.now())
	if err != nil {
		return AccessCheck{}, err
	}
	if !c.who.ReachesWorkspace(access.Organization, access.Workspace) {
		return AccessCheck{}, nothing()
	}
	check := AccessCheck{Grants: showGrants(access.Grants)}
	var least domain.Level
	if asked.Role != "" {
		if least, err = c.levelOf(access.Organization, asked.Role); err != nil {
			return AccessCheck{}, err
		}
	}
	if access.Any() {
		role := roleInBrief(access.Role)
		check.Role = &role
		check.Allowed = access.Allows(asked.Permission) || asked.Role != "" && access.Role.Level >= least
	}
	return check, nil
}

// levelOf answers the level of a role of the organization, built in or its own.
func (c *call) levelOf(org domain.OrganizationID, key domain.RoleKey) (domain.Level, error) {
	role, err := c.api.models.Role(org, key)
	if errors.Is(err, projections.ErrNotFound) {
		return 0, invalid(FieldProblem{"/role", codeUnknownRole, "a role of the organization is expected: owner, admin, editor, viewer, client or one of its own"})
	}
	return role.Level, err
}

type batchCheckBody struct {
	Checks []checkAccessBody `json:"checks" nullable:"false" minItems:"1" maxItems:"1000"`
}

func (b *batchCheckBody) needs() []need { return []need{{"/checks", len(b.Checks) > 0}} }

type batchCheckInput struct {
	ReadHeaders
	JSONBody[batchCheckBody]
}

// BatchCheck has the results of many checks.
type BatchCheck struct {
	Results []CheckResult `json:"results" nullable:"false" doc:"In the order of the checks."`
}

func (b *BatchCheck) appendJSON(text []byte) []byte {
	return append(appendList(append(text, `{"results":`...), b.Results, func(b []byte, r *CheckResult) []byte { return r.appendJSON(b) }), '}')
}

// CheckResult is the result of one of many checks.
type CheckResult struct {
	AccessCheck
	Error *Refusal `json:"error" doc:"Why there is no result, which is then that nothing is allowed; null when there is one."`
}

// TransformSchema documents what can be null.
func (CheckResult) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "role", "error")
}

func (r *CheckResult) appendJSON(b []byte) []byte {
	b = r.AccessCheck.appendJSON(b)
	b = append(b[:len(b)-1], `,"error":`...)
	if r.Error == nil {
		return append(b, "null}"...)
	}
	b, _ = encode(b, r.Error) // our own types always encode
	return append(b, '}')
}

// BatchCheckAnswer is the answer to many checks.
type BatchCheckAnswer struct{ Body *BatchCheck }

func (a *API) batchCheckAccess(c *call, in *batchCheckInput) (*BatchCheckAnswer, error) {
	checks := in.Body.value.Checks
	if len(checks) > maxChecks {
		return nil, invalid(FieldProblem{"/checks", codeTooMany, "at most 1000 checks are expected"})
	}
	results := make([]CheckResult, len(checks))
	for i := range checks {
		err := checks[i].complete()
		if err == nil {
			results[i].AccessCheck, err = c.check(&checks[i])
		}
		if err == nil {
			continue
		}
		refusal := c.refusal(err, "")
		if refusal.Status >= http.StatusInternalServerError { // would come to all
			return nil, err
		}
		results[i] = CheckResult{Error: refusal}
	}
	return &BatchCheckAnswer{&BatchCheck{results}}, nil
}
