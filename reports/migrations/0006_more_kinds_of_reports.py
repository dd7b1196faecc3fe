"""Reports of the government, workbooks and batches beside the agency report; what is made can be stopped."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessments', '0006_fill_levels_of_assessments'),
        ('reports', '0005_fill_periods_of_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BatchPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_own', models.BooleanField(default=False)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='reportjob',
            name='report_once_per_data',
        ),
        migrations.RemoveConstraint(
            model_name='reportjob',
            name='report_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='reportjob',
            name='report_status_known',
        ),
        migrations.RemoveConstraint(
            model_name='reportjob',
            name='report_data_status_known',
        ),
        migrations.AddField(
            model_name='reportjob',
            name='format',
            field=models.CharField(choices=[('pdf', 'PDF'), ('xlsx', 'XLSX'), ('zip', 'ZIP')], default='pdf', max_length=4, verbose_name='bentuk'),
        ),
        migrations.AlterField(
            model_name='reportjob',
            name='assessment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='assessments.assessment'),
        ),
        migrations.AlterField(
            model_name='reportjob',
            name='data_status',
            field=models.CharField(blank=True, choices=[('draft', 'Draf'), ('submitted', 'Diajukan'), ('returned', 'Dikembalikan'), ('approved', 'Disetujui'), ('final', 'Final'), ('cancelled', 'Dibatalkan')], max_length=12),
        ),
        migrations.AlterField(
            model_name='reportjob',
            name='kind',
            field=models.CharField(choices=[('agency', 'Laporan penilaian OPD'), ('pemda', 'Laporan konsolidasi Pemda'), ('brief', 'Ringkasan satu halaman'), ('minutes', 'Berita Acara verifikasi'), ('batch', 'Semua laporan OPD')], max_length=20, verbose_name='jenis'),
        ),
        migrations.AlterField(
            model_name='reportjob',
            name='period',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='assessments.period'),
        ),
        migrations.AlterField(
            model_name='reportjob',
            name='status',
            field=models.CharField(choices=[('queued', 'Menunggu giliran'), ('running', 'Sedang dibuat'), ('done', 'Siap diunduh'), ('failed', 'Gagal'), ('cancelled', 'Dihentikan')], default='queued', max_length=10),
        ),
        migrations.AddField(
            model_name='batchpart',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batch_parts', to='reports.reportjob'),
        ),
        migrations.AddField(
            model_name='batchpart',
            name='job',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='in_batches', to='reports.reportjob'),
        ),
        migrations.AddField(
            model_name='reportjob',
            name='parts',
            field=models.ManyToManyField(related_name='batches', through='reports.BatchPart', through_fields=('batch', 'job'), to='reports.reportjob'),
        ),
        migrations.AddIndex(
            model_name='reportjob',
            index=models.Index(fields=['period', '-created_at'], name='report_by_period'),
        ),
        migrations.AddIndex(
            model_name='reportjob',
            index=models.Index(fields=['sha256'], name='report_by_digest'),
        ),
        migrations.AddConstraint(
            model_name='reportjob',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['failed', 'cancelled']), _negated=True), fields=('key',), name='report_once_per_data'),
        ),
        migrations.AddConstraint(
            model_name='reportjob',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('assessment__isnull', False), ('data_status__in', ['draft', 'submitted', 'returned', 'approved', 'final', 'cancelled']), ('kind', 'agency')), models.Q(('assessment__isnull', True), ('data_status', ''), ('kind__in', ['pemda', 'brief', 'minutes', 'batch'])), _connector='OR'), name='report_kind_known_and_agencys_of_an_assessment'),
        ),
        migrations.AddConstraint(
            model_name='reportjob',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('format', 'zip'), ('kind', 'batch')), models.Q(models.Q(('kind', 'batch'), _negated=True), ('format__in', ['pdf', 'xlsx'])), _connector='OR'), name='report_format_known_and_batch_is_zip'),
        ),
        migrations.AddConstraint(
            model_name='reportjob',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed', 'cancelled'])), name='report_status_known'),
        ),
        migrations.AddConstraint(
            model_name='batchpart',
            constraint=models.UniqueConstraint(fields=('batch', 'job'), name='batch_part_once'),
        ),
    ]
