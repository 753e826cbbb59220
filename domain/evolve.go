package domain

// Evolve folds an event into the state. It changes parts in place and puts in those
// that the event creates. The state must hold every part that the event changes.
func Evolve(s *State, r *Recorded) {
	s.number = r.Number
	switch e := r.Event.(type) {
	case OrganizationCreated:
		s.make(OrganizationKey(e.Organization), &Organization{ID: e.Organization, Name: e.Name, Stamp: stamp(r)})
	case OrganizationRenamed:
		s.Organization(e.Organization).rename(e, r)
	case OrganizationMemberAdded:
		s.organizationMemberAdded(e, r)
	case OrganizationMemberRoleChanged:
		s.organizationMemberRoleChanged(e, r)
	case OrganizationMemberRemoved:
		s.organizationMemberRemoved(e, r)
	case OrganizationMemberSuspended:
		s.organizationMemberSuspended(e, r)
	case OrganizationMemberReinstated:
		s.organizationMemberReinstated(e, r)

	case UserProfileSet:
		s.userProfileSet(e, r)
	case UserErasureRequested:
		s.userErasureRequested(e, r)
	case UserErased:
		s.userErased(e, r)

	case WorkspaceCreated:
		s.make(WorkspaceKey(e.Workspace), &Workspace{ID: e.Workspace, Organization: e.Organization, Name: e.Name, Stamp: stamp(r)})
	case WorkspaceRenamed:
		s.Workspace(e.Workspace).rename(e, r)
	case WorkspaceArchived:
		s.Workspace(e.Workspace).archive(r)
	case WorkspaceRestored:
		s.Workspace(e.Workspace).restore(r)

	case MemberInvited:
		s.memberInvited(e, r)
	case MemberAdded:
		s.memberAdded(e, r)
	case MemberAccepted:
		s.memberAccepted(e, r)
	case MemberInvitationRenewed:
		s.memberInvitationRenewed(e, r)
	case MemberRoleChanged:
		s.memberRoleChanged(e, r)
	case MemberPermissionsChanged:
		s.memberPermissionsChanged(e, r)
	case MemberExpiryChanged:
		s.memberExpiryChanged(e, r)
	case MemberSuspended:
		s.memberSuspended(e, r)
	case MemberReinstated:
		s.memberReinstated(e, r)
	case MemberRemoved:
		s.ended(e.About, r)
	case MemberLeft:
		s.ended(e.About, r)
	case MemberExpired:
		s.ended(e.About, r)
	case WorkspaceOwnershipTransferred:
		// the events before it have changed both memberships

	case RoleCreated:
		s.roleCreated(e, r)
	case RoleUpdated:
		s.roleUpdated(e, r)
	case RoleArchived:
		s.roleArchived(e, r)

	case TokenIssued:
		s.make(TokenKey(e.Organization, e.Token.ID), &Token{TokenFacts: e.Token, Organization: e.Organization, Stamp: stamp(r)})
	case TokenRotated:
		s.Token(e.Organization, e.TokenID).rotate(e, r)
	case TokenRevoked:
		s.Token(e.Organization, e.TokenID).revoke(r)

	case SubscriptionCreated:
		s.subscriptionCreated(e, r)
	case SubscriptionUpdated:
		s.Subscription(e.Organization, e.ID).update(e, r)
	case SubscriptionPaused:
		s.Subscription(e.Organization, e.ID).pause(e, r)
	case SubscriptionResumed:
		s.Subscription(e.Organization, e.ID).resume(r)
	case SubscriptionRewound:
		s.Subscription(e.Organization, e.ID).rewind(e.From, r)
	case SubscriptionSkipped:
		s.Subscription(e.Organization, e.ID).rewind(e.Number+1, r)
	case SubscriptionSecretRotated:
		s.Subscription(e.Organization, e.ID).rotate(e, r)
	case SubscriptionDeleted:
		s.subscriptionDeleted(e, r)

	case ReviewOpened:
		s.reviewOpened(e, r)
	case ReviewRowDecided:
		s.reviewRowDecided(e, r)
	case ReviewClosed:
		s.Review(e.Organization, e.ID).close(e, r)
	}
}
