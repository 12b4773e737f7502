package sim

// UpTo returns the part of a model that was seen on at most so many workers,
// with the slowdown that this part shows; nil when there is none.
func (m *Model) UpTo(workers int) *Model {
	part := *m
	part.Points = nil
	for _, p := range m.Points {
		if p.Workers <= workers {
			part.Points = append(part.Points, p)
		}
	}
	if len(part.Points) == 0 {
		return nil
	}
	part.Slowdown = slowdownOf(part.Points)
	return &part
}
