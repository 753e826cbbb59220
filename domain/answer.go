package domain

// Answer returns copies of the parts that the answer to the command shows: those of
// its targets and those of its events (see [Shown]). The state must hold what the
// command needs, and the decision's events must be folded into it.
func (d *Decision) Answer(c Command, s *State) *State {
	return stateOf(Shown(targets(c, d), d.Events, func(k Key) (Part, error) {
		return copyOf(s.part(k)), nil
	}))
}

// Kept returns the parts of an answer that are kept in [Done.After]: those that the
// events show, with or without the command. Only these can be found again in a read
// model, which sees events and no commands. The two states share the parts.
func (d *Decision) Kept(answer *State) *State {
	return stateOf(Shown(nil, d.Events, func(k Key) (Part, error) { return answer.part(k), nil }))
}

// stateOf returns a state that holds the parts.
func stateOf(parts []Part, _ error) *State {
	s := withRoom(len(parts))
	for _, p := range parts {
		s.Put(p.key(), p)
	}
	return s
}

// targets returns the parts that an answer to the command shows even if the command
// has changed nothing.
func targets(c Command, d *Decision) []Key {
	switch c := c.(type) { //nolint:gochecksumtype // all others are about one part
	case TransferOwnership:
		return []Key{MembershipKey(c.Workspace, c.To), MembershipKey(c.Workspace, c.from())}
	case RemoveOrganizationMember, EndMemberships:
		return nil // the answer has no body, and not every such command has an event about the target
	case Batch:
		keys := make([]Key, len(d.Outcomes))
		for i := range d.Outcomes {
			keys[i] = d.Outcomes[i].Target
		}
		return keys
	default:
		return []Key{d.Target}
	}
}

// Shown returns the parts that an answer shows, in order and each once: those that
// the keys name, then those that the events are about. With a membership come the
// user's profile and the role, if the role is one of the organization's own; with a
// user's role in the organization comes their profile.
//
// The function find returns the part that a key names, or nil if there is none. Its
// errors are returned as they are.
func Shown(keys []Key, events []Event, find func(Key) (Part, error)) ([]Part, error) {
	w := shownWalk{find: find, parts: make([]Part, 0, 4)}
	for _, k := range keys {
		if err := w.show(k); err != nil {
			return nil, err
		}
	}
	for _, e := range events {
		for _, k := range subjects(e) {
			if err := w.show(k); err != nil {
				return nil, err
			}
		}
	}
	return w.parts, nil
}

// shownWalk collects the parts that an answer shows.
type shownWalk struct {
	find  func(Key) (Part, error)
	seen  keySet
	parts []Part
}

// show collects the part and those that come with it.
func (w *shownWalk) show(k Key) error {
	if !w.seen.add(k) {
		return nil
	}
	p, err := w.find(k)
	if err != nil {
		return err
	}
	if p != nil {
		w.parts = append(w.parts, p)
	}
	if k.Kind == KeyOrganizationMember {
		return w.show(ProfileKey(k.Owner, k.ID))
	}
	member, ok := p.(*Membership)
	if !ok {
		return nil
	}
	if err := w.show(ProfileKey(member.Organization, member.User)); err != nil {
		return err
	}
	if _, ok := BuiltInRole(member.Role); ok {
		return nil
	}
	return w.show(CustomRoleKey(member.Organization, member.Role))
}

// subjects returns the parts that the event is about.
func subjects(e Event) []Key {
	about := e.Concerns()
	switch e := e.(type) {
	case OrganizationCreated, OrganizationRenamed:
		return []Key{OrganizationKey(about.Organization)}
	case OrganizationMemberAdded, OrganizationMemberRoleChanged, OrganizationMemberRemoved,
		OrganizationMemberSuspended, OrganizationMemberReinstated:
		return []Key{OrganizationMemberKey(about.Organization, about.User)}
	case UserProfileSet, UserErasureRequested, UserErased:
		return []Key{ProfileKey(about.Organization, about.User)}
	case WorkspaceCreated, WorkspaceRenamed, WorkspaceArchived, WorkspaceRestored:
		return []Key{WorkspaceKey(about.Workspace)}
	case WorkspaceOwnershipTransferred:
		return []Key{
			WorkspaceKey(about.Workspace),
			MembershipKey(about.Workspace, e.Owner.To), // an owner before has no event of their own
			MembershipKey(about.Workspace, e.Owner.From),
		}
	case MemberInvited, MemberAdded, MemberAccepted, MemberInvitationRenewed,
		MemberRoleChanged, MemberPermissionsChanged, MemberExpiryChanged,
		MemberSuspended, MemberReinstated, MemberRemoved, MemberLeft, MemberExpired:
		return []Key{MembershipKey(about.Workspace, about.User)}
	case RoleCreated:
		return []Key{CustomRoleKey(about.Organization, e.Key)}
	case RoleUpdated:
		return []Key{CustomRoleKey(about.Organization, e.Key)}
	case RoleArchived:
		return []Key{CustomRoleKey(about.Organization, e.Key)}
	case TokenIssued:
		return []Key{TokenKey(about.Organization, e.Token.ID)}
	case TokenRotated:
		return []Key{TokenKey(about.Organization, e.TokenID)}
	case TokenRevoked:
		return []Key{TokenKey(about.Organization, e.TokenID)}
	case SubscriptionCreated:
		return []Key{SubscriptionKey(about.Organization, e.Subscription.ID)}
	case SubscriptionUpdated:
		return []Key{SubscriptionKey(about.Organization, e.ID)}
	case SubscriptionPaused:
		return []Key{SubscriptionKey(about.Organization, e.ID)}
	case SubscriptionResumed:
		return []Key{SubscriptionKey(about.Organization, e.ID)}
	case SubscriptionRewound:
		return []Key{SubscriptionKey(about.Organization, e.ID)}
	case SubscriptionSkipped:
		return []Key{SubscriptionKey(about.Organization, e.ID)}
	case SubscriptionSecretRotated:
		return []Key{SubscriptionKey(about.Organization, e.ID)}
	case SubscriptionDeleted:
		return []Key{SubscriptionKey(about.Organization, e.ID)}
	case ReviewOpened:
		return []Key{ReviewKey(about.Organization, e.Review.ID)}
	case ReviewRowDecided:
		return []Key{ReviewKey(about.Organization, e.ID)}
	case ReviewClosed:
		return []Key{ReviewKey(about.Organization, e.ID)}
	}
	return nil
}
