package projections

import (
	"fmt"

	"github.com/muster-dev/muster/domain"
)

// event writes the rows of one event. The key is for the row that the event may make.
func (p *projector) event(r *domain.Recorded, key int64) error {
	switch e := r.Event.(type) {
	case domain.OrganizationCreated:
		return p.organizationCreated(e, r, key)
	case domain.OrganizationRenamed:
		return p.organizationRenamed(e, r)
	case domain.OrganizationMemberAdded:
		return p.organizationMemberAdded(e, r, key)
	case domain.OrganizationMemberRoleChanged:
		return p.organizationMemberRoleChanged(e, r, key)
	case domain.OrganizationMemberRemoved:
		return p.organizationMemberRemoved(e, r, key)
	case domain.OrganizationMemberSuspended:
		return p.organizationMemberSuspended(e, r, key)
	case domain.OrganizationMemberReinstated:
		return p.organizationMemberReinstated(e, r, key)

	case domain.UserProfileSet:
		return p.userProfileSet(e, r, key)

	case domain.UserErasureRequested:
		return p.userErasureRequested(e, r, key)
	case domain.UserErased:
		return p.userErased(e, r, key)

	case domain.WorkspaceCreated:
		return p.workspaceCreated(e, r, key)
	case domain.WorkspaceRenamed:
		return p.workspaceRenamed(e, r)
	case domain.WorkspaceArchived:
		return p.workspaceArchived(e, r)
	case domain.WorkspaceRestored:
		return p.workspaceRestored(e, r)

	case domain.MemberInvited:
		return p.memberInvited(e, r, key)
	case domain.MemberAdded:
		return p.memberAdded(e, r, key)
	case domain.MemberAccepted:
		return p.memberAccepted(e, r, key)
	case domain.MemberInvitationRenewed:
		return p.memberInvitationRenewed(e, r, key)
	case domain.MemberRoleChanged:
		return p.memberRoleChanged(e, r, key)
	case domain.MemberPermissionsChanged:
		return p.memberPermissionsChanged(e, r, key)
	case domain.MemberExpiryChanged:
		return p.memberExpiryChanged(e, r, key)
	case domain.MemberSuspended:
		return p.memberSuspended(e, r, key)
	case domain.MemberReinstated:
		return p.memberReinstated(e, r, key)
	case domain.MemberRemoved:
		return p.memberEnded(e.About, r, key)
	case domain.MemberLeft:
		return p.memberEnded(e.About, r, key)
	case domain.MemberExpired:
		return p.memberEnded(e.About, r, key)
	case domain.WorkspaceOwnershipTransferred:
		return nil // the events before it say everything

	case domain.RoleCreated:
		return p.roleCreated(e, r, key)
	case domain.RoleUpdated:
		return p.roleUpdated(e, r)
	case domain.RoleArchived:
		return p.roleArchived(e, r)

	case domain.TokenIssued:
		return p.tokenIssued(e, r, key)
	case domain.TokenRotated:
		return p.tokenRotated(e, r, partitionOf(key))
	case domain.TokenRevoked:
		return p.tokenRevoked(e, r, partitionOf(key))

	case domain.SubscriptionCreated:
		return p.subscriptionCreated(e, r, key)
	case domain.SubscriptionUpdated:
		return p.subscriptionUpdated(e, r)
	case domain.SubscriptionPaused:
		return p.subscriptionPaused(e, r)
	case domain.SubscriptionResumed:
		return p.subscriptionResumed(e, r)
	case domain.SubscriptionRewound:
		return p.subscriptionSet(e.ID, e.From, r)
	case domain.SubscriptionSkipped:
		return p.subscriptionSet(e.ID, e.Number+1, r)
	case domain.SubscriptionSecretRotated:
		return p.subscriptionSecretRotated(e, r)
	case domain.SubscriptionDeleted:
		return p.subscriptionDeleted(e, r)

	case domain.ReviewOpened:
		return p.reviewOpened(e, r, key)
	case domain.ReviewRowDecided:
		return p.reviewRowDecided(e, r, key)
	case domain.ReviewClosed:
		return p.reviewClosed(e, r)
	default:
		return fmt.Errorf("%T: %w", r.Event, ErrUnknownEvent)
	}
}
