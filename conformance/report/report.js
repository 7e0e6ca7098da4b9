'use strict'
const form = document.getElementById('filter')
const clauses = [...document.querySelectorAll('.clause')]

function filter() {
  const values = (name) => [...form.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value)
  const [states, levels] = [values('state'), values('level')]
  const words = form.elements.search.value.toLowerCase().split(/\s+/)
  for (const clause of clauses) {
    const text = clause.textContent.toLowerCase()
    clause.hidden = !states.includes(clause.dataset.state) || !levels.includes(clause.dataset.level) ||
      !words.every((word) => text.includes(word))
  }
  for (const group of document.querySelectorAll('.group')) group.hidden = !group.querySelector('.clause:not([hidden])')
  const count = clauses.filter((clause) => !clause.hidden).length
  document.getElementById('shown').textContent = `${count} of ${clauses.length} clauses shown`
}

// A link to a clause opens it, whatever the filter hides.
function open() {
  const clause = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (!clause?.matches('.clause')) return
  if (clause.hidden) {
    form.reset()
    filter()
  }
  clause.closest('.group').open = true
  clause.querySelector('details').open = true
  clause.scrollIntoView()
  clause.querySelector('summary').focus({ preventScroll: true })
}

async function copy(button) {
  const source = button.closest('figure').querySelector('pre')
  try {
    await navigator.clipboard.writeText(source.textContent)
  } catch {
    getSelection().selectAllChildren(source)
    document.execCommand('copy')
    getSelection().removeAllRanges()
  }
  button.textContent = document.getElementById('said').textContent = 'Copied'
  setTimeout(() => { button.textContent = 'Copy' }, 2000)
}

// The nearest point of the timeline leads to the clause that it was sent for.
function follow(event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(event.currentTarget.getScreenCTM().inverse())
  const far = ([x, y]) => Math.hypot(x - place.x, y - place.y)
  const [nearest] = JSON.parse(event.currentTarget.dataset.points).sort((one, other) => far(one) - far(other))
  if (nearest && far(nearest) < 12) location.hash = nearest[2]
}

form.hidden = false
document.querySelector('.timeline')?.addEventListener('click', follow)
form.addEventListener('input', filter)
form.addEventListener('input', () => { for (const group of document.querySelectorAll('.group')) group.open = true })
form.addEventListener('submit', (event) => event.preventDefault())
for (const button of document.querySelectorAll('.copy')) button.addEventListener('click', () => copy(button))
addEventListener('hashchange', open)
filter()
open()
