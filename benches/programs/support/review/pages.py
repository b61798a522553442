"""The pages of the site."""

TEMPLATES = {
    "base.html": """\
<!doctype html><title>{% block title %}Reviews{% endblock %}</title>
<p>{{ account.name|default:"nobody" }} | <a href="{% url 'index' %}">all issues</a></p>
{% block content %}{% endblock %}
""",
    "index.html": """\
{% extends "base.html" %}{% block content %}<h1>{{ heading }} ({{ page.paginator.count }})</h1><table>
{% for issue in page %}<tr class="{% cycle 'odd' 'even' %}{% if issue.closed %} closed{% endif %}"><td>{{ issue.pk }}</td>
<td><a href="{% url 'issue' issue.pk %}">{{ issue.subject|truncatechars:40 }}</a></td><td>{{ issue.owner.name }}</td>
<td>{% for reviewer in issue.reviewers.all %}{{ reviewer.name }}{% if not forloop.last %}, {% endif %}{% endfor %}</td>
<td>{{ issue.sets }} set{{ issue.sets|pluralize }}, {{ issue.notes }} message{{ issue.notes|pluralize }}</td>
<td>{{ issue.modified|date:"j M Y, H:i" }}</td></tr>
{% empty %}<tr><td>none</td></tr>{% endfor %}</table>
{% if page.has_next %}<a href="?page={{ page.next_page_number }}">more</a>{% endif %}{% endblock %}
""",
    "issue.html": """\
{% extends "base.html" %}{% block title %}Issue {{ issue.pk }}: {{ issue.subject }}{% endblock %}
{% block content %}<h1>{{ issue.subject }}</h1>{{ issue.description|urlize|linebreaks }}
{% for set in sets %}<h2>Patch set {{ set.number }}: {{ set.message|default:"(no message)" }}</h2><table>
{% for patch in set.patches.all %}<tr><td>{{ patch.path }}</td><td><a href="{% url 'unified' patch.pk %}">unified</a></td>
<td><a href="{% url 'side' patch.pk %}">side by side</a></td><td>+{{ patch.added }} -{{ patch.removed }}</td>
<td>{% with count=patch.comments.all|length %}{{ count }} comment{{ count|pluralize }}{% endwith %}</td></tr>
{% endfor %}</table>{% endfor %}
{% for message in messages %}<h3>{{ message.sender.name }}, {{ message.created|date:"c" }}</h3><pre>{{ message.text|wordwrap:72 }}</pre>
{% endfor %}{% endblock %}
""",
    "diff.html": """\
{% extends "base.html" %}{% block content %}<h1>{{ patch.path }}, set {{ patch.patch_set.number }}</h1><table class="{{ form }}">
{% for row in rows %}<tr class="{{ row.kind }}">{% for number, text in row.cells %}<th>{{ number|default_if_none:"" }}</th>
<td>{{ text }}</td>{% endfor %}</tr>
{% for comment in row.comments %}{% include "comment.html" %}{% endfor %}{% endfor %}</table>{% endblock %}
""",
    "comment.html": """\
<tr class="comment{% if comment.draft %} draft{% endif %}">
<td colspan="4"><b>{{ comment.author.name }}</b> {{ comment.text|linebreaksbr }}</td></tr>
""",
}
