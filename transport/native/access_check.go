package native

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// maxChecks is the largest number of checks in one request.
const maxChecks = 1000

func accessCheckOperations() []transport.Operation {
	const tag = "Access"
	return []transport.Operation{
		{
			ID: "check-access", Method: http.MethodPost, Path: "/v1/access/check",
			Reach: transport.ReachWorkspace, Scope: "access:read", Tag: tag, Errors: []int{http.StatusNotFound},
			Summary:     "Check access",
			Description: "May this user do this in this workspace? Asks for a permission, which is allowed if any grant allows it, or for a role, which is allowed if the highest role has at least its level. An unknown user is not allowed anything.",
			Do:          transport.Ask(checkAccess),
		},
		{
			ID: "batch-check-access", Method: http.MethodPost, Path: "/v1/access/batch-check",
			Reach: transport.ReachWorkspace, Scope: "access:read", Tag: tag,
			Summary:     "Check access many times",
			Description: "At most 1000 checks. Each is decided like a single one, and the results are in the order of the checks. A check that fails, such as one of a workspace that the token does not reach, has an error and allows nothing. It does not affect the others.",
			Do:          transport.Ask(batchCheckAccess),
		},
	}
}

type checkAccessBody struct {
	User       domain.UserID      `json:"user_id" format:"uuid"`
	Workspace  domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	Permission domain.Permission  `json:"permission,omitzero" bounds:"permission" example:"content.edit" doc:"Either this or role."`
	Role       domain.RoleKey     `json:"role,omitzero" bounds:"role" example:"editor" doc:"Either this or permission: the key of a role, built in or the organization's own."`
}

func (b *checkAccessBody) Required() []transport.Required {
	return []transport.Required{
		transport.Require("/user_id", !b.User.IsZero()),
		transport.Require("/workspace_id", !b.Workspace.IsZero()),
		transport.Require("/permission", b.Permission != "" || b.Role != ""),
	}
}

type checkAccessInput struct {
	transport.ReadHeaders
	transport.AsOf
	ExplainQuery
	transport.JSONBody[checkAccessBody]
}

// AccessCheck says whether something is allowed, and why.
type AccessCheck struct {
	Allowed bool         `json:"allowed"`
	Role    *RoleInBrief `json:"role" doc:"The highest of the grants' roles; null without any."`
	Grants  []Grant      `json:"grants" bounds:"grants" nullable:"false" doc:"The one with the highest role first."`
	Why     *Explanation `json:"explanation,omitempty" doc:"With explain=true: which rule decided."`
}

// TransformSchema documents which fields can be null.
func (AccessCheck) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "role")
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (a *AccessCheck) AppendJSON(b []byte) []byte {
	b = strconv.AppendBool(append(b, `{"allowed":`...), a.Allowed)
	b = append(b, `,"role":`...)
	if a.Role == nil {
		b = append(b, "null"...)
	} else {
		b = a.Role.AppendJSON(b)
	}
	b = appendGrants(append(b, `,"grants":`...), a.Grants)
	if a.Why != nil {
		b, _ = transport.AppendJSON(append(b, `,"explanation":`...), a.Why) // our own types always encode
	}
	return append(b, '}')
}

// AccessCheckAnswer is the answer to a check.
type AccessCheckAnswer struct{ Body *AccessCheck }

func checkAccess(c *transport.Call, in *checkAccessInput) (*AccessCheckAnswer, error) {
	result, err := check(c, in.Sent(), in.Explain)
	if err != nil {
		return nil, err
	}
	return &AccessCheckAnswer{&result}, nil
}

// check does one check, and explains the result if that is wanted. The required fields must
// have been checked.
func check(c *transport.Call, asked *checkAccessBody, why bool) (AccessCheck, error) {
	if asked.Permission != "" && asked.Role != "" {
		return AccessCheck{}, transport.InvalidField("/role", transport.CodeInvalidValue, "permission or role is expected, not both")
	}
	q, err := c.QueriesIn(asked.Workspace)
	if err != nil {
		return AccessCheck{}, err
	}
	access, err := q.Check(asked.Workspace, asked.User, c.At())
	if err != nil {
		return AccessCheck{}, err
	}
	if !c.Reaches(access.Organization, access.Workspace) {
		return AccessCheck{}, transport.NotFound()
	}
	result := AccessCheck{Grants: showGrants(access.Grants)}
	var least domain.Level
	if asked.Role != "" {
		if least, err = levelOf(q, access.Organization, asked.Role); err != nil {
			return AccessCheck{}, err
		}
	}
	if access.Any() {
		role := roleInBrief(access.Role)
		result.Role = &role
		result.Allowed = access.Allows(asked.Permission) || asked.Role != "" && access.Role.Level >= least
	}
	if why {
		err = (&question{c, asked, &access, least}).explain(q, &result)
	}
	return result, err
}

// levelOf returns the level of a role of the organization, either built in or its own.
func levelOf(q *projections.Queries, org domain.OrganizationID, key domain.RoleKey) (domain.Level, error) {
	role, err := q.Role(org, key)
	if errors.Is(err, projections.ErrNotFound) {
		return 0, transport.InvalidField("/role", transport.CodeUnknownRole, "a role of the organization is expected: owner, admin, editor, viewer, client or one of its own")
	}
	return role.Level, err
}

type batchCheckBody struct {
	Checks []checkAccessBody `json:"checks" nullable:"false" minItems:"1" maxItems:"1000"`
}

func (b *batchCheckBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/checks", len(b.Checks) > 0)}
}

type batchCheckInput struct {
	transport.ReadHeaders
	transport.AsOf
	ExplainQuery
	transport.JSONBody[batchCheckBody]
}

// BatchCheck holds the results of many checks.
type BatchCheck struct {
	Results []CheckResult `json:"results" bounds:"operations" nullable:"false" doc:"In the order of the checks."`
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (b *BatchCheck) AppendJSON(text []byte) []byte {
	return append(appendList(append(text, `{"results":`...), b.Results, func(b []byte, r *CheckResult) []byte { return r.AppendJSON(b) }), '}')
}

// CheckResult is the result of one of many checks. If the check failed, nothing is
// allowed and Error says why.
type CheckResult struct {
	AccessCheck
	Error *transport.Refusal `json:"error" doc:"Why there is no result, which is then that nothing is allowed; null when there is one."`
}

// TransformSchema documents which fields can be null.
func (CheckResult) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "role", "error")
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (r *CheckResult) AppendJSON(b []byte) []byte {
	b = r.AccessCheck.AppendJSON(b)
	b = append(b[:len(b)-1], `,"error":`...)
	if r.Error == nil {
		return append(b, "null}"...)
	}
	b, _ = transport.AppendJSON(b, r.Error) // our own types always encode
	return append(b, '}')
}

// BatchCheckAnswer is the answer to many checks.
type BatchCheckAnswer struct{ Body *BatchCheck }

func batchCheckAccess(c *transport.Call, in *batchCheckInput) (*BatchCheckAnswer, error) {
	checks := in.Sent().Checks
	if len(checks) > maxChecks {
		return nil, transport.InvalidField("/checks", transport.CodeTooMany, "at most 1000 checks are expected")
	}
	results := make([]CheckResult, len(checks))
	for i := range checks {
		err := transport.Missing(checks[i].Required())
		if err == nil {
			results[i].AccessCheck, err = check(c, &checks[i], in.Explain)
		}
		if err == nil {
			continue
		}
		refusal := c.Refusal(err)
		if refusal.Status >= http.StatusInternalServerError { // the service's fault, so every check would fail
			return nil, err
		}
		results[i] = CheckResult{Error: refusal}
	}
	return &BatchCheckAnswer{&BatchCheck{results}}, nil
}
