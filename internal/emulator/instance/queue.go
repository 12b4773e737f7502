package instance

import "context"

// Quota is what the instances of a project may use together. What does not fit
// waits. 0: no limit.
type Quota struct {
	VCPU   float64
	Memory int64
	// Instances is how many there may be at a time, Total with those that have
	// ended and whose run was not deleted.
	Instances, Total int
}

// share is what a project has in use, and what waits for room in it.
type share struct {
	vcpu      float64
	memory    int64
	instances int
	ended     int
	waiting   []*attempt
}

// fits reports whether another instance has room. The first always has: what
// is larger than the quota is refused where runs are made.
func (q Quota) fits(s *share, t *Task) bool {
	const rounding = 1e-9
	if q.Total > 0 && s.instances+s.ended >= q.Total {
		return false
	}
	return (q.VCPU == 0 || s.vcpu+t.VCPU <= q.VCPU+rounding) &&
		(q.Memory == 0 || s.memory+t.Memory <= q.Memory) &&
		(q.Instances == 0 || s.instances < q.Instances)
}

// Submission is the tasks of one run in a pool.
type Submission struct {
	project   string
	ended     int  // instances
	forgotten bool // the run was deleted
}

// attempt is a task in the queue or running.
type attempt struct {
	task  *Task
	of    *Submission
	ctx   context.Context
	retry int
	rec   Record
}

// pump admits what has room, in order. p.mu is held.
func (p *Pool) pump(s *share) {
	for len(s.waiting) > 0 {
		a := s.waiting[0]
		if a.ctx.Err() != nil {
			s.waiting = s.waiting[1:]
			p.running.Add(1)
			go p.drop(a)
			continue
		}
		if !p.o.Quota.fits(s, a.task) {
			return
		}
		s.waiting = s.waiting[1:]
		s.vcpu += a.task.VCPU
		s.memory += a.task.Memory
		s.instances++
		p.running.Add(1)
		go p.run(a)
	}
}

// share returns a project's share. p.mu is held.
func (p *Pool) share(project string) *share {
	s := p.shares[project]
	if s == nil {
		s = new(share)
		p.shares[project] = s
	}
	return s
}

// release gives back what an instance had in use.
func (p *Pool) release(a *attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.share(a.task.Project)
	s.vcpu -= a.task.VCPU
	s.memory -= a.task.Memory
	s.instances--
	if !a.of.forgotten {
		a.of.ended++
		s.ended++
	}
	p.pump(s)
}

// enqueue puts an attempt at the end of its project's queue.
func (p *Pool) enqueue(a *attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.share(a.task.Project)
	s.waiting = append(s.waiting, a)
	p.pump(s)
}

// Forget ends a submission whose context has ended, since its run was deleted:
// its ended instances no longer count in the project's total, and what waits
// leaves the queue.
func (p *Pool) Forget(u *Submission) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.share(u.project)
	s.ended -= u.ended
	u.forgotten = true
	kept := s.waiting[:0]
	for _, a := range s.waiting {
		if a.ctx.Err() == nil {
			kept = append(kept, a)
			continue
		}
		p.running.Add(1)
		go p.drop(a)
	}
	s.waiting = kept
	p.pump(s)
}
